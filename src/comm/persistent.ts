import { ZivmError } from '../errors';
import { PROC_NULL } from './constants';
import type { Buf, Kind } from './elements';
import type { Engine } from './engine';
import type { Members } from './members';
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
  #started = false;

  constructor(engine: Engine) {
    super(engine);
    this.#engine = engine;
    this.complete();
    this.markReported();
  }

  protected override result(): Status {
    return this.#started ? super.result() : new Status();
  }

  start(): void {
    checkInactive(this.done);
    this.#started = true;
    this.reset();
    if (this.dest === PROC_NULL) this.complete();
    else this.#engine.startSend(this);
    this.#engine.background(this);
  }
}

/** What recvInit returns (MPI_Recv_init). Before its first start it counts as complete, with an empty status. */
export class PersistentReceive extends BufferReceive implements PersistentRequest<Status> {
  readonly #engine: Engine;
  /** What it wants: a match overwrites source and tag. */
  readonly #source: number;
  readonly #tag: number;
  #started = false;

  constructor(engine: Engine, members: Members, buf: Buf, kind: Kind, source: number, context: number, tag: number) {
    super(engine, members, buf, kind, source, context, tag);
    this.#engine = engine;
    this.#source = source;
    this.#tag = tag;
    this.complete();
    this.markReported();
  }

  start(): void {
    checkInactive(this.done);
    this.#started = true;
    this.reset();
    this.source = this.#source;
    this.tag = this.#tag;
    if (this.source === PROC_NULL) this.completeEmpty(PROC_NULL);
    else this.#engine.startReceive(this);
    this.#engine.background(this);
  }

  protected override result(): Status {
    return this.#started ? super.result() : new Status();
  }
}
