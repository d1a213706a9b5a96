import { ZivmError } from '../errors';
import type { Job } from '../job/job';
import { Allocator } from '../ring/allocator';
import { Idle, IdlePolicy } from '../ring/idle';
import { HEADER_EPOCH, RANK_PHASE, RANK_STATE, RankPhase, RankState, rankWord } from '../ring/layout';
import type { RingReader } from '../ring/ring-reader';
import { Views } from '../ring/views';
import { Wakeup } from '../ring/wakeup';
import { Watchlist } from '../ring/watchlist';
import { Background } from './background';
import { ANY_SOURCE } from './constants';
import { Direct } from './direct';
import { type Buf, byteLengthOf, type Kind } from './elements';
import { Inbox } from './inbox';
import { Matching, Unexpected } from './matching';
import type { Members } from './members';
import { Outbox } from './outbox';
import { Parts } from './parts';
import { Peer } from './peer';
import { BufferReceive, ReceiveRequest } from './receive-request';
import { Request } from './request';
import type { Status } from './status';
import { Rings } from './rings';
import { FLAG_SYNCHRONOUS, SendRequest } from './send-request';

/** About as long as a message needs from one core to another. */
const SPIN_LOOKS = 32;

/**
 * Moves the messages of one process: matching above, rings below, progress in between. One thread uses it, and all
 * progress is made inside its calls or, for operations that are awaited, by the event loop.
 */
export class Engine {
  readonly rank: number;
  readonly size: number;
  /** By world rank, this one included. */
  readonly peers: Peer[];
  /** The region, as words. */
  readonly words: Int32Array;
  readonly parts: Parts;
  readonly allocator: Allocator;
  readonly #matching: Matching;
  readonly #rings: Rings;
  readonly #wakeup: Wakeup;
  readonly #outbox: Outbox;
  readonly #inbox: Inbox;
  readonly #idle: IdlePolicy;
  readonly #background: Background;
  readonly #watchlist: Watchlist;
  /** Marks of the peers that this rank polls, and the peers. */
  readonly #active: Int32Array;
  #polled: Peer[] = [];
  /** Armed, from the event loop or a blocking call. */
  #asleep = false;
  /** The word of the region, beside rings, that a blocking call waits for, or -1; and the number that it is to reach. */
  #awaitedWord = -1;
  #awaitedNumber = 0;
  #epoch = 0;
  #aborted = false;
  readonly #arrivals: Arrival[] = [];
  /** Requests for blocking calls, made once and used again. */
  #spareReceive: BufferReceive | null = null;
  #spareSend: SendRequest | null = null;

  constructor(job: Job) {
    this.rank = job.rank;
    this.size = job.size;
    this.words = job.words;
    this.peers = Array.from({ length: job.size }, (_, rank) => new Peer(rank));
    const views = new Views(job.words.buffer as ArrayBuffer, job.words.byteOffset, job.words.byteLength);
    this.#wakeup = new Wakeup(job.words, job.region, job.rank, job.size);
    this.parts = new Parts(views);
    this.allocator = new Allocator(job.words, job.plan, job.rank);
    this.#rings = new Rings(job, this.allocator);
    this.#matching = new Matching(job.size);
    const direct = new Direct(job);
    this.#outbox = new Outbox(this, job, views, this.#rings, this.#wakeup, direct);
    this.#inbox = new Inbox(this, job, this.parts, this.#matching, this.#outbox, this.#rings, this.#wakeup, direct);
    this.#watchlist = new Watchlist(views);
    this.#active = new Int32Array(this.#wakeup.markWords);
    this.#idle = new IdlePolicy(job.ranksHere, job.coresHere, job.canYield);
    this.#background = new Background(this, (onRing) => job.region.watch(onRing));
  }

  // --- Sending ---

  /** Sends a short message if there is room for it right now. */
  trySend(buf: Buf, kind: Kind, dest: number, context: number, tag: number, flags: number): boolean {
    return this.#outbox.trySend(this.peers[dest]!, context, tag, flags, kind, buf, byteLengthOf(buf, kind));
  }

  /** MPI_Send: returns when the buffer may be used again. */
  send(members: Members, buf: Buf, kind: Kind, dest: number, context: number, tag: number, flags: number): void {
    if (this.trySend(buf, kind, dest, context, tag, flags)) return;
    const send = this.#spareSend ?? new SendRequest(this);
    this.#spareSend = null;
    this.startSend(send.want(members, buf, kind, dest, context, tag, flags));
    if (!send.done) this.waitFor(send);
    const { error } = send;
    send.reset();
    send.buf = null;
    this.#spareSend = send;
    if (error !== null) throw error;
  }

  /** Starts a send; it is complete at once if the message fits into the ring. */
  startSend(send: SendRequest): void {
    const peer = this.peers[send.dest]!;
    if (send.dest === this.rank) {
      this.#sendToSelf(send);
    } else if (peer.ended !== null) {
      send.error = peer.ended;
      this.finish(send);
    } else {
      this.#outbox.start(peer, send);
    }
  }

  /** A message to oneself is copied when nobody waits for it, unless it is to be synchronous. */
  #sendToSelf(send: SendRequest): void {
    const receive = this.#matching.takePosted(this.rank, send.context, send.tag);
    if (receive !== null) {
      this.#inbox.deliverOwn(send, receive);
      return;
    }
    const waits = (send.flags & FLAG_SYNCHRONOUS) !== 0;
    const payload = waits ? null : new Uint8Array(send.byteLength);
    if (payload !== null && send.buf !== null) {
      payload.set(new Uint8Array(send.buf.buffer, send.buf.byteOffset, send.buf.byteLength));
    }
    const message = new Unexpected(this.rank, send.context, send.tag, send.byteLength, send.flags, 0, payload, waits ? send : null);
    message.received = send.byteLength;
    this.#matching.keep(message);
    this.arrived();
    if (!waits) this.finish(send);
  }

  // --- Receiving ---

  /** Starts a receive; it is complete at once if its message is there. */
  startReceive(receive: ReceiveRequest<unknown>): void {
    const message = this.#matching.findUnexpected(receive.source, receive.context, receive.tag);
    if (message !== null) {
      this.#matching.takeUnexpected(message);
      this.#inbox.deliver(message, receive);
      return;
    }
    this.#matching.post(receive);
    const ended = this.#endOfSource(receive.members as Members, receive.source);
    if (ended === null) return;
    // What a rank sent before it ended may still be in its ring.
    while (this.poll());
    if (!receive.done && this.#matching.unpost(receive)) this.#failReceive(receive, ended);
  }

  /** MPI_Recv. */
  receive(members: Members, buf: Buf, kind: Kind, source: number, context: number, tag: number): Status {
    const receive = this.#spareReceive ?? new BufferReceive(this);
    this.#spareReceive = null;
    this.startReceive(receive.want(members, buf, kind, source, context, tag));
    if (!receive.done) this.#waitForReceive(receive);
    const { error } = receive;
    const status = receive.status();
    receive.reset();
    receive.buf = null;
    this.#spareReceive = receive;
    if (error !== null) throw error;
    return status;
  }

  /** Starts a receive and waits for it. */
  receiveWith(receive: ReceiveRequest<unknown>): void {
    this.startReceive(receive);
    if (!receive.done) this.#waitForReceive(receive);
  }

  /** Whether only this rank could send what a blocking call waits for. */
  #isOnlySelf(members: Members, source: number): boolean {
    return source === this.rank || (source === ANY_SOURCE && members.worldRanks.length === 1);
  }

  /** Whether only this rank could complete an operation, which it cannot while it waits. */
  #isUpToSelf(request: Request<unknown>): boolean {
    if (request instanceof ReceiveRequest) return !request.done && this.#isOnlySelf(request.members as Members, request.source);
    return request instanceof SendRequest && !request.done && request.dest === this.rank;
  }

  /** Waits for a receive that the caller does not keep: if the wait fails, the receive goes too. */
  #waitForReceive(receive: ReceiveRequest<unknown>): void {
    try {
      this.waitFor(receive);
    } catch (error) {
      this.cancel(receive);
      throw error;
    }
  }

  /** A message for which no receive is posted, if it is there now. It stays where it is. */
  find(source: number, context: number, tag: number): Unexpected | null {
    const found = this.#matching.findUnexpected(source, context, tag);
    if (found !== null) return found;
    this.poll();
    return this.#matching.findUnexpected(source, context, tag);
  }

  /** Takes a message that `find` has found away from other receives. */
  take(message: Unexpected): void {
    this.#matching.takeUnexpected(message);
  }

  /** Receives a message that `take` has taken. */
  deliver(message: Unexpected, receive: ReceiveRequest<unknown>): void {
    this.#inbox.deliver(message, receive);
  }

  /** Blocks until there is a message for which no receive is posted. @throws ZivmError when none can come any more */
  waitForMessage(members: Members, source: number, context: number, tag: number): Unexpected {
    if (this.#isOnlySelf(members, source)) throw nobodyCanSend();
    let found: Unexpected | null = null;
    this.waitUntil(() => {
      found = this.#matching.findUnexpected(source, context, tag);
      return found !== null || this.#endOfSource(members, source) !== null;
    });
    if (found === null) throw this.#endOfSource(members, source);
    return found;
  }

  /** As waitForMessage, by the event loop. */
  async messageComes(members: Members, source: number, context: number, tag: number): Promise<Unexpected> {
    for (;;) {
      const found = this.find(source, context, tag);
      if (found !== null) {
        // At once, before anybody else finds it.
        this.take(found);
        return found;
      }
      const ended = this.#endOfSource(members, source);
      if (ended !== null) throw ended;
      const arrival = new Arrival(this);
      this.#arrivals.push(arrival);
      await arrival;
    }
  }

  /** @internal A message has come that no receive was posted for, or a rank has ended: who waits looks again. */
  arrived(): void {
    for (let arrival = this.#arrivals.pop(); arrival !== undefined; arrival = this.#arrivals.pop()) this.finish(arrival);
  }

  // --- Completion ---

  /** Every operation ends here. */
  finish(request: Request<unknown>): void {
    request.complete();
    if (request.inBackground) this.#background.remove(request.awaited);
  }

  /** The event loop is to complete this operation if it is pending. */
  background<R extends Request<unknown>>(request: R): R {
    if (!request.done && !request.inBackground) {
      request.markInBackground();
      this.#background.add();
    }
    return request;
  }

  /** @internal Somebody begins to await a pending operation. */
  await(request: Request<unknown>): void {
    this.background(request);
    this.#background.await();
  }

  /** MPI_Cancel. */
  cancel(request: Request<unknown>): void {
    if (request instanceof ReceiveRequest) {
      if (!this.#matching.unpost(request)) return;
      request.markCancelled();
      this.finish(request);
    } else if (request instanceof SendRequest) {
      if (request.dest === this.rank) this.#cancelToSelf(request);
      else this.#outbox.cancel(request);
    }
  }

  #cancelToSelf(send: SendRequest): void {
    const message = this.#matching.findOwn(send);
    if (message === null) return;
    this.#matching.takeUnexpected(message);
    send.markCancelled();
    this.finish(send);
  }

  // --- Progress ---

  /** Makes what progress can be made without waiting. @returns whether there was any */
  poll(): boolean {
    if (this.#asleep) this.#interruptSleep();
    let progressed = this.words[HEADER_EPOCH] !== this.#epoch && this.#readRankStates();
    const active = this.#active;
    for (let word = 0; word < active.length; word++) {
      const fresh = this.#wakeup.marks(word) & ~active[word]!;
      if (fresh !== 0) this.#activate(word, fresh);
    }
    const polled = this.#polled;
    for (let i = 0; i < polled.length; i++) if (this.#drain(polled[i]!)) progressed = true;
    if (!this.#outbox.idle && this.#outbox.push()) progressed = true;
    return progressed;
  }

  /** A call looks for itself while the event loop sleeps on the doorbell: the loop has to arm it anew. */
  #interruptSleep(): void {
    this.wake();
    this.#background.resume();
  }

  #drain(peer: Peer): boolean {
    try {
      return this.#inbox.drain(peer);
    } catch (cause) {
      if (!(cause instanceof ZivmError) || cause.code !== 'ERR_ZIVM_CORRUPT') throw cause;
      this.#endPeer(peer, new ZivmError(cause.code, `from rank ${peer.rank}: ${cause.message}`, { rank: peer.rank, cause }));
      return true;
    }
  }

  /** Begins to poll the rings of senders who have set their marks. */
  #activate(word: number, bits: number): void {
    for (let bit = 0; bit < 32; bit++) {
      if ((bits & (1 << bit)) === 0) continue;
      const peer = this.peers[word * 32 + bit];
      if (peer === undefined || peer.rank === this.rank || (peer.ended !== null && peer.reader === null)) continue;
      peer.reader ??= this.#rings.open(peer.rank);
      if (peer.reader === null) {
        // It only said that it has made room. Its mark goes, so that its first message sets it again; and what it
        // has sent just before is looked for here.
        this.#wakeup.clearMark(word, 1 << bit);
        peer.reader = this.#rings.open(peer.rank);
        if (peer.reader === null) continue;
        this.#wakeup.restoreMarks(word, 1 << bit);
      }
      this.#active[word]! |= 1 << bit;
      this.#polled.push(peer);
    }
  }

  /** Waits for a request. @returns false when it is still pending after `timeoutMs` */
  waitFor(request: Request<unknown>, timeoutMs?: number): boolean {
    const deadline = timeoutMs === undefined ? Infinity : performance.now() + timeoutMs;
    if (timeoutMs === undefined && this.#isUpToSelf(request)) throw nobodyCanSend();
    let looks = 0;
    while (!request.done) {
      if (this.poll()) looks = 0;
      else if (!this.#rest(++looks, deadline)) return request.done;
    }
    return true;
  }

  /** Waits until a condition holds that the completion of one of these requests makes true. */
  waitForAny(requests: readonly Request<unknown>[], condition: () => boolean): void {
    if (!condition() && requests.every((request) => this.#isUpToSelf(request))) throw nobodyCanSend();
    this.waitUntil(condition);
  }

  /** Waits until a condition holds that only progress can make true. */
  waitUntil(condition: () => boolean): void {
    let looks = 0;
    while (!condition()) {
      if (this.poll()) looks = 0;
      else this.#rest(++looks, Infinity);
    }
  }

  /** Waits until a word of the region, written by `sender`, has reached a number. @throws ZivmError when it has ended */
  waitForNumber(word: number, number: number, sender: number): void {
    if (((Atomics.load(this.words, word) - number) | 0) >= 0) return;
    this.#awaitedWord = word;
    this.#awaitedNumber = number;
    try {
      for (let looks = 0; !this.#isNumberThere(); ) {
        const { ended } = this.peers[sender]!;
        if (ended !== null) throw ended;
        if (this.poll()) looks = 0;
        else this.#rest(++looks, Infinity);
      }
    } finally {
      this.#awaitedWord = -1;
    }
  }

  #isNumberThere(): boolean {
    return ((Atomics.load(this.words, this.#awaitedWord) - this.#awaitedNumber) | 0) >= 0;
  }

  /** Looks for the number a few times over, as fast as it can. */
  #spinForNumber(): void {
    const { words } = this;
    const word = this.#awaitedWord;
    for (let look = 0; look < SPIN_LOOKS && ((words[word]! - this.#awaitedNumber) | 0) < 0; look++);
  }

  /** Wakes a rank that sleeps, for what was just published in the region, with a full fence. */
  wakeSleeper(rank: number): void {
    this.#wakeup.wakeSleeper(rank);
  }

  /** What a call does between two looks. @returns false when the deadline is over */
  #rest(looks: number, deadline: number): boolean {
    switch (this.#idle.next(looks)) {
      case Idle.Spin:
        // With one ring to look at, which is the rule, the wait is for one word.
        if (this.#awaitedWord >= 0) this.#spinForNumber();
        else if (this.#polled.length === 1) this.#polled[0]!.reader!.spin();
        return deadline === Infinity || (looks & 255) !== 0 || performance.now() < deadline;
      case Idle.Yield:
        this.#yieldCore();
        return deadline === Infinity || performance.now() < deadline;
      case Idle.Sleep: {
        if (deadline === Infinity && this.#alone()) throw nobodyCanSend();
        const leftMs = deadline === Infinity ? -1 : deadline - performance.now();
        if (deadline !== Infinity && leftMs <= 0) return false;
        if (this.prepareSleep()) this.#wakeup.sleep(leftMs);
        this.wake();
        this.#background.resume();
        return true;
      }
    }
  }

  /** Lets other ranks have the core until something has changed that poll would see, or for long enough. */
  #yieldCore(): void {
    const list = this.#watchlist;
    list.clear();
    let isQuiet = list.add(HEADER_EPOCH) === this.#epoch && this.#wakeup.watch(list, this.#active);
    for (let i = 0; i < this.#polled.length && isQuiet; i++) isQuiet = this.#polled[i]!.reader!.watch(list);
    if (this.#awaitedWord >= 0) isQuiet &&= ((list.add(this.#awaitedWord) - this.#awaitedNumber) | 0) < 0;
    if (!isQuiet) return;
    // Room in a ring is not among the words: a rank that waits for it looks again after every turn.
    list.yieldWhileSame(this.#outbox.idle ? this.#idle.yields : 1);
  }

  /** True when no other rank is left that could do anything. */
  #alone(): boolean {
    return this.peers.every((peer) => peer.ended !== null || peer.rank === this.rank);
  }

  /**
   * Makes sure that whoever has something for this rank rings its doorbell (docs/models/wakeup.pml).
   * @returns false when something is there already; then it is not asleep
   */
  prepareSleep(): boolean {
    this.#asleep = true;
    this.#outbox.starve();
    for (let word = 0; word < this.#active.length; word++) {
      const fresh = this.#wakeup.takeMarks(word) & ~this.#active[word]!;
      if (fresh !== 0) this.#activate(word, fresh);
    }
    this.#wakeup.arm();
    if (this.#somethingNew()) {
      for (let word = 0; word < this.#active.length; word++) this.#wakeup.restoreMarks(word, this.#active[word]!);
      this.wake();
      return false;
    }
    this.#active.fill(0);
    this.#polled.length = 0;
    return true;
  }

  /** The second look, after arming. */
  #somethingNew(): boolean {
    if (Atomics.load(this.words, HEADER_EPOCH) !== this.#epoch || this.#wakeup.marked()) return true;
    if (this.#awaitedWord >= 0 && this.#isNumberThere()) return true;
    for (const peer of this.#polled) {
      if ((peer.reader as RingReader).peek() >= 0) return true;
    }
    return !this.#outbox.idle && this.#outbox.push();
  }

  /** Back from sleep, or from the attempt. */
  wake(): void {
    if (!this.#asleep) return;
    this.#asleep = false;
    this.#wakeup.disarm();
    this.#outbox.unstarve();
  }

  // --- Ends ---

  /** @returns true: something has changed, and what a call waits for may be there or may never come */
  #readRankStates(): boolean {
    this.#epoch = Atomics.load(this.words, HEADER_EPOCH);
    for (const peer of this.peers) {
      if (peer.ended !== null || peer.rank === this.rank) continue;
      const state: RankState = Atomics.load(this.words, rankWord(peer.rank) + RANK_STATE);
      if (state !== RankState.Finished && state !== RankState.Dead) continue;
      // Its last messages are in its ring: they count before its end does.
      peer.reader ??= this.#rings.open(peer.rank);
      while (peer.reader !== null && peer.ended === null && this.#drain(peer));
      if (peer.ended === null) this.#endPeer(peer, endError(peer.rank, state));
    }
    return true;
  }

  /** Nothing more comes from this peer or goes to it. */
  #endPeer(peer: Peer, error: ZivmError): void {
    peer.ended = error;
    peer.reader = null;
    this.#polled = this.#polled.filter((other) => other !== peer);
    this.#outbox.fail(peer, error);
    this.#inbox.fail(peer, error);
    const lost = [
      ...this.#matching.takeAllPosted(peer.rank, () => true),
      ...this.#matching.takeAllPosted(ANY_SOURCE, (receive) => this.#endOfSource(receive.members as Members, ANY_SOURCE) !== null),
    ];
    for (const receive of lost) this.#failReceive(receive, error);
    this.arrived();
  }

  /** Why nothing can come from a source any more, or null while something can. */
  #endOfSource(members: Members, source: number): ZivmError | null {
    if (source !== ANY_SOURCE) return this.peers[source]!.ended;
    let ended: ZivmError | null = null;
    for (const world of members.worldRanks) {
      const peer = this.peers[world]!;
      if (peer.ended === null && world !== this.rank) return null;
      ended ??= peer.ended;
    }
    return ended;
  }

  #failReceive(receive: ReceiveRequest<unknown>, error: ZivmError): void {
    receive.error = error;
    this.finish(receive);
  }

  /** Delivers what was sent, as MPI_Finalize would, and says that this rank has left; not after `markAborted`. */
  finalize(): void {
    if (this.#aborted) return;
    this.waitUntil(() => this.#outbox.settled);
    Atomics.store(this.words, rankWord(this.rank) + RANK_PHASE, RankPhase.Finished);
  }

  /** Looks for nothing any more: what is pending stays pending. */
  close(): void {
    this.#background.close();
  }

  /** Tells the launcher that this rank ends the job on purpose. */
  markAborted(): void {
    this.#aborted = true;
    Atomics.store(this.words, rankWord(this.rank) + RANK_PHASE, RankPhase.Aborted);
  }
}

/** Completes when something has come that may be what somebody waits for. */
class Arrival extends Request<void> {
  protected override result(): void {
    return undefined;
  }
}

function nobodyCanSend(): ZivmError {
  return new ZivmError(
    'ERR_ZIVM_RANK',
    'this call would wait for ever: only this rank itself could send or receive what it waits for, and it is waiting. ' +
      'Start both sides first, with isend and irecv',
  );
}

function endError(rank: number, state: RankState): ZivmError {
  return state === RankState.Finished
    ? new ZivmError('ERR_ZIVM_PEER_FAILED', `rank ${rank} has ended: no message can come from it or go to it any more`, { rank })
    : new ZivmError('ERR_ZIVM_PEER_FAILED', `rank ${rank} has failed`, { rank });
}
