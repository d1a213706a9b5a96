import { ZivmError } from '../errors';
import type { Job } from '../job/job';
import { Allocator } from '../ring/allocator';
import { IdlePolicy } from '../ring/idle';
import { RANK_PHASE, RankPhase, rankWord } from '../ring/layout';
import { Wakeup } from '../ring/wakeup';
import { Turns } from '../ring/turns';
import { Watchlist } from '../ring/watchlist';
import { Background } from './background';
import { Attention } from './attention';
import { ANY_SOURCE } from './constants';
import { Context } from './context';
import { Direct } from './direct';
import { type Buf, byteLengthOf, type Kind } from './elements';
import { Inbox } from './inbox';
import { Matching, Unexpected } from './matching';
import { Members } from './members';
import { Outbox } from './outbox';
import { Peer } from './peer';
import { Progress } from './progress';
import { BufferReceive, ReceiveRequest } from './receive-request';
import { Request } from './request';
import type { Status } from './status';
import { Rings } from './rings';
import { isOnlySelf, nobodyCanSend } from './self';
import { FLAG_SYNCHRONOUS, SendRequest } from './send-request';
import { Views } from './views';
import { Waiting } from './waiting';

/** No message has it. */
const NO_CONTEXT = -1;

/** So many blocking receives may look at their sender's ring alone before one polls. */
const MOST_UNPOLLED = 63;

/**
 * Moves the messages of one process: starts operations and completes them, with matching above, rings below and progress
 * in between. One thread uses it, and all progress is made inside its calls or, for operations that are awaited, by the
 * event loop.
 */
export class Engine {
  readonly rank: number;
  readonly size: number;
  /** By world rank, this one included. */
  readonly peers: Peer[];
  /** How many of them have ended. */
  endedPeers = 0;
  /** Of requests that belong to no communicator. */
  readonly context: Context;
  /** The region, as words. */
  readonly words: Int32Array;
  readonly views: Views;
  readonly allocator: Allocator;
  /** Ranks share cores. */
  readonly isCrowded: boolean;
  private readonly matching: Matching;
  readonly direct: Direct;
  readonly waiting: Waiting;
  private readonly attention: Attention;
  private readonly wakeup: Wakeup;
  private readonly outbox: Outbox;
  private readonly inbox: Inbox;
  private readonly progress: Progress;
  readonly background: Background;
  private aborted = false;
  /** Blocking receives since the last poll. */
  private unpolled = 0;
  private readonly arrivals: Arrival[] = [];
  /** Requests for blocking calls, made once and used again. */
  private spareReceive: BufferReceive | null = null;
  private spareSend: SendRequest | null = null;

  constructor(job: Job) {
    this.rank = job.rank;
    this.size = job.size;
    this.context = new Context(this, new Members([], job.size), NO_CONTEXT);
    this.words = job.words;
    this.peers = Array.from({ length: job.size }, (_, rank) => new Peer(rank));
    this.views = new Views(job.words.buffer as ArrayBuffer, job.words.byteOffset, job.words.byteLength);
    const idle = new IdlePolicy(job.ranksHere, job.coresHere, job.canYield);
    this.isCrowded = idle.isCrowded;
    this.wakeup = new Wakeup(job.words, job.region, job.rank, job.size);
    this.allocator = new Allocator(job.words, job.plan, job.rank);
    const rings = new Rings(job, this.allocator);
    this.matching = new Matching(this.peers);
    this.attention = new Attention(job.words, job.rank);
    this.direct = new Direct(job, this.attention, this.isCrowded);
    this.outbox = new Outbox(this, job, this.views, rings, this.wakeup, this.direct);
    this.inbox = new Inbox(this, job, this.views, this.matching, this.outbox, rings, this.wakeup, this.direct, this.isCrowded);
    const onEnd = (peer: Peer, error: ZivmError): void => this.endPeer(peer, error);
    this.progress = new Progress(job.rank, this.peers, job.words, rings, this.wakeup, this.outbox, this.inbox, onEnd);
    this.waiting = new Waiting(this, this.progress, this.outbox, this.wakeup, idle, new Watchlist(job.words), new Turns(job.words, job.rank, job.size), this.attention);
    this.background = new Background(this, this.progress, (onRing) => job.region.watch(onRing));
  }

  // --- Sending ---

  /** Sends a short message if there is room for it right now. @param isOneOfMany others may follow at once */
  trySend(peer: Peer, context: number, tag: number, flags: number, kind: Kind, buf: Buf, byteLength: number, isOneOfMany: boolean): boolean {
    return this.outbox.trySend(peer, context, tag, flags, kind, buf, byteLength, isOneOfMany);
  }

  /** MPI_Send: returns when the buffer may be used again. */
  send(context: Context, buf: Buf, kind: Kind, dest: number, tag: number, flags: number): void {
    if (this.trySend(this.peers[dest]!, context.id, tag, flags, kind, buf, byteLengthOf(buf, kind), false)) return;
    const send = this.spareSend ?? new SendRequest(context);
    send.context = context;
    this.spareSend = null;
    this.attention.begin(dest);
    try {
      this.startSend(send.want(buf, kind, dest, tag, flags));
      if (!send.done) this.waiting.forRequest(send);
    } finally {
      this.attention.end();
    }
    const { error } = send;
    send.reset();
    send.buf = null;
    this.spareSend = send;
    if (error !== null) throw error;
  }

  /** Starts a send; it is complete at once if the message fits into the ring. */
  startSend(send: SendRequest): void {
    const peer = this.peers[send.dest]!;
    if (send.dest === this.rank) {
      this.sendToSelf(send);
    } else if (peer.ended !== null) {
      send.error = peer.ended;
      send.complete();
    } else {
      this.outbox.start(peer, send);
    }
  }

  /** A message to oneself is copied when nobody waits for it, unless it is to be synchronous. */
  private sendToSelf(send: SendRequest): void {
    const receive = this.matching.takePosted(this.rank, send.context.id, send.tag);
    if (receive !== null) {
      this.inbox.deliverOwn(send, receive);
      return;
    }
    const waits = (send.flags & FLAG_SYNCHRONOUS) !== 0;
    const payload = waits ? null : new Uint8Array(send.byteLength);
    if (payload !== null && send.buf !== null) {
      payload.set(new Uint8Array(send.buf.buffer, send.buf.byteOffset, send.buf.byteLength));
    }
    const message = new Unexpected(this.rank, send.context.id, send.tag, send.byteLength, send.flags, 0, payload, waits ? send : null);
    message.received = send.byteLength;
    this.matching.keep(message);
    this.arrived();
    if (!waits) send.complete();
  }

  // --- Receiving ---

  /** Starts a receive; it is complete at once if its message is there. */
  startReceive(receive: ReceiveRequest<unknown>): void {
    const { source } = receive;
    if (source !== ANY_SOURCE) {
      const peer = this.peers[source]!;
      if (peer.unexpected.length === 0 && peer.ended === null) {
        this.matching.postFor(peer, receive);
        return;
      }
    }
    this.matchOrPost(receive);
  }

  private matchOrPost(receive: ReceiveRequest<unknown>): void {
    const message = this.matching.findUnexpected(receive.source, receive.context.id, receive.tag);
    if (message !== null) {
      this.matching.takeUnexpected(message);
      this.inbox.deliver(message, receive);
      return;
    }
    this.matching.post(receive);
    const ended = this.endOfSource(receive.context.members, receive.source);
    if (ended === null) return;
    // What a rank sent before it ended may still be in its ring.
    while (this.poll());
    if (!receive.done && this.matching.unpost(receive)) this.failReceive(receive, ended);
  }

  /** MPI_Recv. */
  receive(context: Context, buf: Buf, kind: Kind, source: number, tag: number): Status {
    if (source !== ANY_SOURCE && this.unpolled < MOST_UNPOLLED) {
      const peer = this.peers[source]!;
      if (this.matching.isFirst(peer)) {
        this.unpolled++;
        const status = this.inbox.receiveAtOnce(peer, context, buf, kind, tag);
        if (status !== null) return status;
      }
    }
    return this.receivePosted(context, buf, kind, source, tag);
  }

  private receivePosted(context: Context, buf: Buf, kind: Kind, source: number, tag: number): Status {
    const spare = this.spareReceive;
    this.spareReceive = null;
    const receive =
      spare === null ? new BufferReceive(context, buf, kind, source, tag) : spare.again(context, buf, kind, source, tag);
    this.receiveWith(receive);
    const { error } = receive;
    const { status } = receive;
    receive.buf = null;
    this.spareReceive = receive;
    if (error !== null) throw error;
    return status;
  }

  /** Starts a receive and waits for it. */
  receiveWith(receive: ReceiveRequest<unknown>): void {
    receive.markBlockedOn();
    this.startReceive(receive);
    if (!receive.done) this.waitForReceive(receive);
  }

  /** Waits for a receive that the caller does not keep: if the wait fails, the receive goes too. */
  private waitForReceive(receive: ReceiveRequest<unknown>): void {
    try {
      this.waiting.forRequest(receive);
    } catch (error) {
      this.cancel(receive);
      // What is on its way already passes by; the buffer is the caller's again.
      if (!receive.done) receive.error = error;
      throw error;
    }
  }

  /** A message for which no receive is posted, if it is there now. It stays where it is. */
  find(context: number, source: number, tag: number): Unexpected | null {
    const found = this.matching.findUnexpected(source, context, tag);
    if (found !== null) return found;
    this.poll();
    return this.matching.findUnexpected(source, context, tag);
  }

  /** Takes a message that `find` has found away from other receives. */
  take(message: Unexpected): void {
    this.matching.takeUnexpected(message);
  }

  /** Receives a message that `take` has taken. */
  deliver(message: Unexpected, receive: ReceiveRequest<unknown>): void {
    this.inbox.deliver(message, receive);
  }

  /** Blocks until there is a message for which no receive is posted. @throws ZivmError when none can come any more */
  waitForMessage({ members, id }: Context, source: number, tag: number): Unexpected {
    if (isOnlySelf(this.rank, members, source)) throw nobodyCanSend();
    let found: Unexpected | null = null;
    this.waiting.until(() => {
      found = this.matching.findUnexpected(source, id, tag);
      return found !== null || this.endOfSource(members, source) !== null;
    });
    if (found === null) throw this.endOfSource(members, source);
    return found;
  }

  /** As waitForMessage, by the event loop. */
  async messageComes({ members, id }: Context, source: number, tag: number): Promise<Unexpected> {
    for (;;) {
      const found = this.find(id, source, tag);
      if (found !== null) {
        // At once, before anybody else finds it.
        this.take(found);
        return found;
      }
      const ended = this.endOfSource(members, source);
      if (ended !== null) throw ended;
      const arrival = new Arrival(this.context);
      this.arrivals.push(arrival);
      await arrival;
    }
  }

  /** @internal A message has come that no receive was posted for, or a rank has ended: who waits looks again. */
  arrived(): void {
    for (let arrival = this.arrivals.pop(); arrival !== undefined; arrival = this.arrivals.pop()) arrival.complete();
  }

  // --- Completion ---

  /** Whether operations are pending that others can complete. */
  get isPending(): boolean {
    return this.matching.isPosted || this.inbox.isReceiving || !this.outbox.settled;
  }

  /** MPI_Cancel. */
  cancel(request: Request<unknown>): void {
    if (request instanceof ReceiveRequest) {
      if (!this.matching.unpost(request)) return;
      request.markCancelled();
      request.complete();
    } else if (request instanceof SendRequest) {
      if (request.dest === this.rank) this.cancelToSelf(request);
      else this.outbox.cancel(request);
    }
  }

  private cancelToSelf(send: SendRequest): void {
    if (this.matching.takeOwn(send) === null) return;
    send.markCancelled();
    send.complete();
  }

  // --- Progress ---

  /** Makes what progress can be made without waiting. @returns whether there was any */
  poll(): boolean {
    this.unpolled = 0;
    // A call looks for itself while the event loop sleeps on the doorbell: the loop has to arm it anew.
    if (this.progress.isAsleep) this.wakeUp();
    return this.progress.poll();
  }

  /** @internal Back from sleep, or from the attempt; the event loop goes on. */
  wakeUp(): void {
    this.progress.wake();
    this.background.resume();
  }

  /** Wakes a rank that sleeps, for what was just published in the region. */
  wakeSleeper(rank: number): void {
    this.wakeup.wakeSleeper(rank);
  }

  // --- Ends ---

  /** Nothing more comes from this peer or goes to it. */
  private endPeer(peer: Peer, error: ZivmError): void {
    peer.ended = error;
    this.endedPeers++;
    peer.reader = null;
    this.progress.forget(peer);
    this.outbox.fail(peer, error);
    this.inbox.fail(peer, error);
    const lost = [
      ...this.matching.takeAllPosted(peer.rank, () => true),
      ...this.matching.takeAllPosted(ANY_SOURCE, (receive) => this.endOfSource(receive.context.members, ANY_SOURCE) !== null),
    ];
    for (const receive of lost) this.failReceive(receive, error);
    this.arrived();
  }

  /** Why nothing can come from a source any more, or null while something can. */
  private endOfSource(members: Members, source: number): ZivmError | null {
    return source === ANY_SOURCE ? this.endOfAll(members) : this.peers[source]!.ended;
  }

  private endOfAll(members: Members): ZivmError | null {
    let ended: ZivmError | null = null;
    for (const world of members.worldRanks) {
      const peer = this.peers[world]!;
      if (peer.ended === null && world !== this.rank) return null;
      ended ??= peer.ended;
    }
    return ended;
  }

  private failReceive(receive: ReceiveRequest<unknown>, error: ZivmError): void {
    receive.error = error;
    receive.complete();
  }

  /** Delivers what was sent, as MPI_Finalize would, and says that this rank has left; not after `markAborted`. */
  finalize(): void {
    if (this.aborted) return;
    this.waiting.until(() => this.outbox.settled);
    Atomics.store(this.words, rankWord(this.rank) + RANK_PHASE, RankPhase.Finished);
  }

  /** Looks for nothing any more: what is pending stays pending. */
  close(): void {
    this.background.close();
  }

  /** Tells the launcher that this rank ends the job on purpose. */
  markAborted(): void {
    this.aborted = true;
    Atomics.store(this.words, rankWord(this.rank) + RANK_PHASE, RankPhase.Aborted);
  }
}

/** Completes when something has come that may be what somebody waits for. */
class Arrival extends Request<void> {
  protected override result(): void {
    return undefined;
  }
}
