import { ZivmError } from '../errors';
import { ANY_TAG, PROC_NULL } from './constants';
import type { Context } from './context';
import { type Buf, checkBuf } from './elements';
import type { Unexpected } from './matching';
import { BufferReceive, ObjectReceive, type ReceiveRequest } from './receive-request';
import type { Request } from './request';
import { Status } from './status';

/** A message that mprobe has found and taken (MPI_Message): only this object can receive it, once. */
export class Message {
  readonly #context: Context;
  /** World rank of the sender, or PROC_NULL. */
  readonly #source: number;
  readonly #status: Status;
  #found: Unexpected | null;
  #received = false;

  /** @internal @param found null for a message from `PROC_NULL` */
  constructor(context: Context, found: Unexpected | null) {
    this.#context = context;
    this.#found = found;
    this.#source = found?.source ?? PROC_NULL;
    this.#status = found ? context.members.statusOf(found.source, found.tag, found.byteLength) : Status.of(PROC_NULL, ANY_TAG, 0, false);
  }

  /** Who sent it, under which tag, and how long it is. */
  status(): Status {
    return this.#status;
  }

  /** Receives it, and blocks until it is in the buffer (MPI_Mrecv). @throws ZivmError as `Comm.recv` */
  recv(buf: Buf): Status {
    return this.irecv(buf).wait();
  }

  /** Starts to receive it (MPI_Imrecv). */
  irecv(buf: Buf): Request<Status> {
    const kind = checkBuf(buf, 'recv');
    return this.#deliver(new BufferReceive(this.#context, buf, kind, this.#source, this.#status.tag));
  }

  /** Receives it as an object. @throws ZivmError `ERR_ZIVM_TYPE` when it is a buffer */
  recvObject<T>(): T {
    return this.irecvObject<T>().wait();
  }

  /** Starts to receive it as an object. */
  irecvObject<T>(): Request<T> {
    return this.#deliver(new ObjectReceive<T>(this.#context, this.#source, this.#status.tag, undefined));
  }

  #deliver<R extends ReceiveRequest<unknown>>(receive: R): R {
    if (this.#received) {
      throw new ZivmError('ERR_ZIVM_REQUEST', 'this message has been received already: a Message can be received once');
    }
    this.#received = true;
    const found = this.#found;
    this.#found = null;
    if (found === null) {
      receive.completeEmpty();
      return receive;
    }
    this.#context.engine.deliver(found, receive);
    this.#context.engine.background.begin(receive);
    return receive;
  }
}
