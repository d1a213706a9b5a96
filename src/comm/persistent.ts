import { ZivmError } from '../errors';
import { PROC_NULL } from './constants';
import type { Context } from './context';
import type { Buf, Kind } from './elements';
import { BufferReceive } from './receive-request';
import type { PersistentRequest } from './request';
import { SendRequest } from './send-request';
import { Status } from './status';

function checkInactive(done: boolean): void {
  if (!done) throw new ZivmError('ERR_ZIVM_REQUEST', 'start: the request is still pending: wait for it first', { call: 'start' });
}

/** What sendInit returns (MPI_Send_init). Before its first start it counts as complete, with an empty status. */
export class PersistentSend extends SendRequest implements PersistentRequest<Status> {
  private started = false;

  constructor(context: Context) {
    super(context);
    this.complete();
    this.markReported();
  }

  protected override result(): Status {
    return this.started ? super.result() : new Status();
  }

  start(): void {
    checkInactive(this.done);
    this.started = true;
    this.reset();
    if (this.dest === PROC_NULL) this.complete();
    else this.context.engine.startSend(this);
    this.context.engine.background.begin(this);
  }
}

/** What recvInit returns (MPI_Recv_init). Before its first start it counts as complete, with an empty status. */
export class PersistentReceive extends BufferReceive implements PersistentRequest<Status> {
  private started = false;

  constructor(context: Context, buf: Buf, kind: Kind, source: number, tag: number) {
    super(context, buf, kind, source, tag);
    this.complete();
    this.markReported();
  }

  start(): void {
    checkInactive(this.done);
    this.started = true;
    this.reset();
    if (this.source === PROC_NULL) this.completeEmpty();
    else this.context.engine.startReceive(this);
    this.context.engine.background.begin(this);
  }

  protected override result(): Status {
    return this.started ? super.result() : new Status();
  }
}
