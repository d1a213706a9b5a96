import { ZivmError } from '../errors';
import { PROC_NULL } from './constants';
import type { Engine } from './engine';
import { BufferReceive } from './receive-request';
import type { PersistentRequest } from './request';
import { SendRequest } from './send-request';
import { Status } from './status';

function checkInactive(done: boolean): void {
  if (!done) throw new ZivmError('ERR_ZIVM_REQUEST', 'start: the request is still pending: wait for it first', { call: 'start' });
}

/** What sendInit returns (MPI_Send_init). Before its first start it counts as complete, with an empty status. */
export class PersistentSend extends SendRequest implements PersistentRequest<Status> {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    super(engine);
    this.#engine = engine;
    this.done = true;
  }

  start(): void {
    checkInactive(this.done);
    this.reset();
    if (this.dest === PROC_NULL) this.complete();
    else this.#engine.startSend(this);
    this.#engine.background(this);
  }
}

/** What recvInit returns (MPI_Recv_init). Before its first start it counts as complete, with an empty status. */
export class PersistentReceive extends BufferReceive implements PersistentRequest<Status> {
  readonly #engine: Engine;
  #started = false;

  constructor(engine: Engine) {
    super(engine);
    this.#engine = engine;
    this.done = true;
  }

  start(): void {
    checkInactive(this.done);
    this.#started = true;
    this.reset();
    if (this.wantedSource === PROC_NULL) this.completeEmpty(PROC_NULL);
    else this.#engine.startReceive(this);
    this.#engine.background(this);
  }

  protected override result(): Status {
    return this.#started ? super.result() : new Status();
  }
}
