import { checkDest, checkSource, checkTag, checkWantedTag } from './arguments';
import { ANY_SOURCE, ANY_TAG, PROC_NULL } from './constants';
import type { Context } from './context';
import { type Buf, byteLengthOf, checkBuf, type Kind, Kind as Kinds } from './elements';
import type { Engine } from './engine';
import type { Unexpected } from './matching';
import type { Members } from './members';
import { Message } from './message';
import { pack } from './objects';
import { PersistentReceive, PersistentSend } from './persistent';
import { BufferReceive, ObjectReceive, type ReceiveRequest } from './receive-request';
import type { PersistentRequest, Request } from './request';
import { CompletedSend, FLAG_OBJECT, FLAG_SYNCHRONOUS, SendRequest } from './send-request';
import { Status } from './status';

export interface IOptions {
  /** Cancels the operation when it aborts; the request then rejects with the signal's reason. */
  signal?: AbortSignal;
}

export interface MessagesOptions {
  source?: number;
  tag?: number;
}

/** The point-to-point calls of a communicator (MPI 4.1, chapter 3). */
export abstract class PointToPoint {
  /** The rank of this process in the communicator. */
  readonly rank: number;
  /** Number of ranks. */
  readonly size: number;
  /** @internal */
  protected readonly engine: Engine;
  /** @internal */
  protected readonly members: Members;
  /** @internal */
  protected readonly context: Context;

  /** @internal */
  constructor(context: Context) {
    this.engine = context.engine;
    this.members = context.members;
    this.context = context;
    this.rank = this.members.rankOf(this.engine.rank);
    this.size = this.members.worldRanks.length;
  }

  /**
   * Sends a buffer and blocks until it may be used again (MPI_Send).
   * @param buf any typed array; all of it is sent
   * @param dest a rank, or `PROC_NULL`
   * @throws ZivmError `ERR_ZIVM_TYPE`, `ERR_ZIVM_RANK`, `ERR_ZIVM_TAG`, `ERR_ZIVM_PEER_FAILED`, `ERR_ZIVM_NO_SPACE`
   */
  send(buf: Buf, dest: number, tag = 0): void {
    const kind = checkBuf(buf, 'send');
    checkDest(dest, this.size, 'send');
    checkTag(tag, 'send');
    if (dest === PROC_NULL) return;
    this.engine.send(this.context, buf, kind, this.members.worldRanks[dest]!, tag, 0);
  }

  /** As `send`, and blocks until the receiver has matched the message (MPI_Ssend). */
  ssend(buf: Buf, dest: number, tag = 0): void {
    const send = this.#startSend('ssend', buf, checkBuf(buf, 'ssend'), dest, tag, FLAG_SYNCHRONOUS, undefined);
    try {
      send.wait();
    } catch (error) {
      send.cancel(); // the caller has no request to wait for: nobody is to receive the message later
      throw error;
    }
  }

  /**
   * Receives into a buffer, which may be longer than the message, and blocks until it is there (MPI_Recv).
   * @throws ZivmError `ERR_ZIVM_TRUNCATE` when the buffer is shorter than the message, which is consumed;
   * `ERR_ZIVM_TYPE` when the message is an object, also consumed; `ERR_ZIVM_RANK`, `ERR_ZIVM_TAG`, `ERR_ZIVM_PEER_FAILED`
   */
  recv(buf: Buf, source: number = ANY_SOURCE, tag: number = ANY_TAG): Status {
    const kind = checkBuf(buf, 'recv');
    checkSource(source, this.size, 'recv');
    checkWantedTag(tag, 'recv');
    if (source === PROC_NULL) return Status.of(PROC_NULL, ANY_TAG, 0, false);
    return this.engine.receive(this.context, buf, kind, this.worldSource(source), tag);
  }

  /** Sends and receives at once, so that a ring of ranks that all do so never blocks (MPI_Sendrecv). */
  sendrecv(sendbuf: Buf, dest: number, sendtag: number, recvbuf: Buf, source: number, recvtag: number): Status {
    return this.#exchange('sendrecv', sendbuf, dest, sendtag, recvbuf, source, recvtag);
  }

  #exchange(call: string, sendbuf: Buf, dest: number, sendtag: number, recvbuf: Buf, source: number, recvtag: number): Status {
    const kind = checkBuf(sendbuf, call);
    checkDest(dest, this.size, call);
    checkTag(sendtag, call);
    checkBuf(recvbuf, call);
    checkSource(source, this.size, call);
    checkWantedTag(recvtag, call);
    const receive = this.irecv(recvbuf, source, recvtag);
    const send = this.#startSend(call, sendbuf, kind, dest, sendtag, 0, undefined);
    try {
      // The send first, so that a receive that fails does not leave it behind.
      send.wait();
      return receive.wait();
    } catch (error) {
      receive.cancel(); // the caller has no request to wait for
      throw error;
    }
  }

  /** As `sendrecv` with one buffer: what arrives replaces what was sent (MPI_Sendrecv_replace). */
  sendrecvReplace(buf: Buf, dest: number, sendtag: number, source: number, recvtag: number): Status {
    checkBuf(buf, 'sendrecvReplace');
    return this.#exchange('sendrecvReplace', Uint8Array.prototype.slice.call(buf), dest, sendtag, buf, source, recvtag);
  }

  /** Starts to send; the buffer must not be changed until the request is complete (MPI_Isend). */
  isend(buf: Buf, dest: number, tag = 0, options?: IOptions): Request<Status> {
    return this.#startSend('isend', buf, checkBuf(buf, 'isend'), dest, tag, 0, options);
  }

  /** As `isend`, complete only when the receiver has matched the message (MPI_Issend). */
  issend(buf: Buf, dest: number, tag = 0, options?: IOptions): Request<Status> {
    return this.#startSend('issend', buf, checkBuf(buf, 'issend'), dest, tag, FLAG_SYNCHRONOUS, options);
  }

  #startSend(
    call: string,
    buf: Buf,
    kind: Kind,
    dest: number,
    tag: number,
    flags: number,
    options: IOptions | undefined,
  ): Request<Status> {
    checkDest(dest, this.size, call);
    checkTag(tag, call);
    if (dest !== PROC_NULL && (flags & FLAG_SYNCHRONOUS) === 0 && options === undefined) {
      const peer = this.context.peers[dest]!;
      const byteLength = byteLengthOf(buf, kind);
      if (this.engine.trySend(peer, this.context.id, tag, flags, kind, buf, byteLength, true)) {
        return new CompletedSend(this.context, peer.statusOf(this.members, tag, byteLength));
      }
    }
    return this.#startPending(buf, kind, dest, tag, flags, options);
  }

  /** Starts a send that is to be tracked until it is complete. */
  #startPending(buf: Buf, kind: Kind, dest: number, tag: number, flags: number, options: IOptions | undefined): Request<Status> {
    const world = dest === PROC_NULL ? PROC_NULL : this.members.worldRanks[dest]!;
    const send = new SendRequest(this.context).want(buf, kind, world, tag, flags);
    if (options?.signal?.aborted) {
      send.markCancelled();
      send.complete();
    } else if (dest === PROC_NULL) {
      send.complete();
    } else {
      this.engine.startSend(send);
      this.engine.background.begin(send);
    }
    if (options !== undefined) send.abortOn(options.signal);
    return send;
  }

  /** Starts to receive (MPI_Irecv). */
  irecv(buf: Buf, source: number = ANY_SOURCE, tag: number = ANY_TAG, options?: IOptions): Request<Status> {
    const kind = checkBuf(buf, 'irecv');
    checkSource(source, this.size, 'irecv');
    checkWantedTag(tag, 'irecv');
    const receive = new BufferReceive(this.context, buf, kind, this.worldSource(source), tag);
    return this.#startReceive(receive, options);
  }

  #startReceive<T>(receive: ReceiveRequest<T>, options: IOptions | undefined): Request<T> {
    if (options?.signal?.aborted) {
      receive.markCancelled();
      receive.complete();
    } else if (receive.source === PROC_NULL) {
      receive.completeEmpty();
    } else {
      this.engine.startReceive(receive);
      this.engine.background.begin(receive);
    }
    return receive.abortOn(options?.signal);
  }

  /** Blocks until a message is there that a receive with these arguments would get; it stays (MPI_Probe). */
  probe(source: number = ANY_SOURCE, tag: number = ANY_TAG): Status {
    if (source === PROC_NULL) return Status.of(PROC_NULL, ANY_TAG, 0, false);
    return this.statusOf(this.#waitForMessage(source, tag, 'probe'));
  }

  /** The status of such a message if it is there now (MPI_Iprobe). */
  iprobe(source: number = ANY_SOURCE, tag: number = ANY_TAG): Status | undefined {
    if (source === PROC_NULL) return Status.of(PROC_NULL, ANY_TAG, 0, false);
    const found = this.#find(source, tag, 'iprobe');
    return found === null ? undefined : this.statusOf(found);
  }

  /** As `probe`, and takes the message away from all other receives (MPI_Mprobe). */
  mprobe(source: number = ANY_SOURCE, tag: number = ANY_TAG): Message {
    if (source === PROC_NULL) return new Message(this.context, null);
    const found = this.#waitForMessage(source, tag, 'mprobe');
    this.engine.take(found);
    return new Message(this.context, found);
  }

  /** As `mprobe`, if such a message is there now (MPI_Improbe). */
  improbe(source: number = ANY_SOURCE, tag: number = ANY_TAG): Message | undefined {
    if (source === PROC_NULL) return new Message(this.context, null);
    const found = this.#find(source, tag, 'improbe');
    if (found === null) return undefined;
    this.engine.take(found);
    return new Message(this.context, found);
  }

  #find(source: number, tag: number, call: string): Unexpected | null {
    checkSource(source, this.size, call);
    checkWantedTag(tag, call);
    return this.engine.find(this.context.id, this.worldSource(source), tag);
  }

  #waitForMessage(source: number, tag: number, call: string): Unexpected {
    return (
      this.#find(source, tag, call) ??
      this.engine.waitForMessage(this.context, this.worldSource(source), tag)
    );
  }

  /** A send that can be started again and again (MPI_Send_init). */
  sendInit(buf: Buf, dest: number, tag = 0): PersistentRequest<Status> {
    const kind = checkBuf(buf, 'sendInit');
    checkDest(dest, this.size, 'sendInit');
    checkTag(tag, 'sendInit');
    const world = dest === PROC_NULL ? PROC_NULL : this.members.worldRanks[dest]!;
    return new PersistentSend(this.context).want(buf, kind, world, tag, 0);
  }

  /** A receive that can be started again and again (MPI_Recv_init). */
  recvInit(buf: Buf, source: number = ANY_SOURCE, tag: number = ANY_TAG): PersistentRequest<Status> {
    const kind = checkBuf(buf, 'recvInit');
    checkSource(source, this.size, 'recvInit');
    checkWantedTag(tag, 'recvInit');
    return new PersistentReceive(this.context, buf, kind, this.worldSource(source), tag);
  }

  /**
   * Sends any value that msgpackr packs, as one message (what mpi4py calls `send`).
   * @throws ZivmError `ERR_ZIVM_TYPE` for a function or another value that cannot be packed; else as `send`
   */
  sendObject(value: unknown, dest: number, tag = 0): void {
    this.#startObject('sendObject', value, dest, tag).wait();
  }

  /** Starts to send a value; it may be changed at once, for it is packed before this call returns. */
  isendObject(value: unknown, dest: number, tag = 0): Request<Status> {
    return this.#startObject('isendObject', value, dest, tag);
  }

  #startObject(call: string, value: unknown, dest: number, tag: number): Request<Status> {
    checkDest(dest, this.size, call);
    checkTag(tag, call);
    return this.#startSend(call, pack(value, call), Kinds.Uint8, dest, tag, FLAG_OBJECT, undefined);
  }

  /**
   * Receives a value.
   * @param status filled in if given: a `new Status()`
   * @throws ZivmError `ERR_ZIVM_TYPE` when the message is a buffer, which is consumed; else as `recv`
   */
  recvObject<T>(source: number = ANY_SOURCE, tag: number = ANY_TAG, status?: Status): T {
    checkSource(source, this.size, 'recvObject');
    checkWantedTag(tag, 'recvObject');
    const receive = this.#objectReceive<T>(source, tag, status);
    if (source === PROC_NULL) receive.completeEmpty();
    else this.engine.receiveWith(receive);
    return receive.wait();
  }

  /** Starts to receive a value; `undefined` from `PROC_NULL` and when it is cancelled. */
  irecvObject<T>(source: number = ANY_SOURCE, tag: number = ANY_TAG, status?: Status): Request<T> {
    checkSource(source, this.size, 'irecvObject');
    checkWantedTag(tag, 'irecvObject');
    return this.#startReceive(this.#objectReceive<T>(source, tag, status), undefined);
  }

  #objectReceive<T>(source: number, tag: number, status: Status | undefined): ObjectReceive<T> {
    return new ObjectReceive<T>(this.context, this.worldSource(source), tag, status);
  }

  /**
   * Receives values one after the other, for ever: `for await (const { value, source, tag } of comm.messages())`.
   * Leaving the loop loses nothing: a message is taken only when it is asked for.
   */
  async *messages<T>({ source = ANY_SOURCE, tag = ANY_TAG }: MessagesOptions = {}): AsyncGenerator<
    { value: T; source: number; tag: number },
    void
  > {
    checkSource(source, this.size, 'messages');
    checkWantedTag(tag, 'messages');
    if (source === PROC_NULL) return;
    for (;;) {
      const found = await this.engine.messageComes(this.context, this.worldSource(source), tag);
      const message = new Message(this.context, found);
      const value = await message.irecvObject<T>();
      const status = message.status();
      yield { value, source: status.source, tag: status.tag };
    }
  }

  /** @internal */
  protected statusOf(found: Unexpected): Status {
    return this.members.statusOf(found.source, found.tag, found.byteLength);
  }

  /** @internal World rank of a source; ANY_SOURCE and PROC_NULL stay as they are. */
  protected worldSource(source: number): number {
    return source < 0 ? source : this.members.worldRanks[source]!;
  }
}

