import { ZivmError } from '../errors';
import { HEADER_EPOCH, RANK_STATE, RankState, rankWord } from '../ring/layout';
import { SPIN_LOOKS } from '../ring/idle';
import type { RingReader } from '../ring/ring-reader';
import type { Wakeup } from '../ring/wakeup';
import type { Watchlist } from '../ring/watchlist';
import type { Inbox } from './inbox';
import type { Outbox } from './outbox';
import type { Peer } from './peer';
import type { Rings } from './rings';

/**
 * Looks for what has come: polls the rings of senders who have set their marks, sends what is queued, and sees which
 * ranks have ended. Before a rank sleeps it gives the marks back, so that whoever has something for it rings.
 */
export class Progress {
  private readonly rank: number;
  private readonly peers: readonly Peer[];
  private readonly words: Int32Array;
  private readonly rings: Rings;
  private readonly wakeup: Wakeup;
  private readonly outbox: Outbox;
  private readonly inbox: Inbox;
  /** Called when a rank has ended, after its last messages have come in. */
  private readonly onEnd: (peer: Peer, error: ZivmError) => void;
  /** Marks of the peers that this rank polls, and the peers. */
  private readonly active: Int32Array;
  private polled: Peer[] = [];
  /** Armed, from the event loop or a blocking call. */
  private asleep = false;
  private epoch = 0;

  constructor(
    rank: number,
    peers: readonly Peer[],
    words: Int32Array,
    rings: Rings,
    wakeup: Wakeup,
    outbox: Outbox,
    inbox: Inbox,
    onEnd: (peer: Peer, error: ZivmError) => void,
  ) {
    this.rank = rank;
    this.peers = peers;
    this.words = words;
    this.rings = rings;
    this.wakeup = wakeup;
    this.outbox = outbox;
    this.inbox = inbox;
    this.onEnd = onEnd;
    this.active = new Int32Array(wakeup.markWords);
  }

  get isAsleep(): boolean {
    return this.asleep;
  }

  /** Makes what progress can be made without waiting. @returns whether there was any */
  poll(): boolean {
    let progressed = this.words[HEADER_EPOCH] !== this.epoch && this.readRankStates();
    const active = this.active;
    for (let word = 0; word < active.length; word++) {
      const fresh = this.wakeup.marks(word) & ~active[word]!;
      if (fresh !== 0) this.activate(word, fresh);
    }
    const polled = this.polled;
    for (let i = 0; i < polled.length; i++) if (this.drain(polled[i]!)) progressed = true;
    if (!this.outbox.idle && this.outbox.push()) progressed = true;
    return progressed;
  }

  private drain(peer: Peer): boolean {
    try {
      return this.inbox.drain(peer);
    } catch (cause) {
      if (!(cause instanceof ZivmError) || cause.code !== 'ERR_ZIVM_CORRUPT') throw cause;
      this.onEnd(peer, new ZivmError(cause.code, `from rank ${peer.rank}: ${cause.message}`, { rank: peer.rank, cause }));
      return true;
    }
  }

  /** Begins to poll the rings of senders who have set their marks. */
  private activate(word: number, bits: number): void {
    for (let bit = 0; bit < 32; bit++) {
      if ((bits & (1 << bit)) === 0) continue;
      const peer = this.peers[word * 32 + bit];
      if (peer === undefined || peer.rank === this.rank || (peer.ended !== null && peer.reader === null)) continue;
      peer.reader ??= this.rings.open(peer.rank);
      if (peer.reader === null) {
        // It only said that it has made room. Its mark goes, so that its first message sets it again; and what it
        // has sent just before is looked for here.
        this.wakeup.clearMark(word, 1 << bit);
        peer.reader = this.rings.open(peer.rank);
        if (peer.reader === null) continue;
        this.wakeup.restoreMarks(word, 1 << bit);
      }
      this.active[word]! |= 1 << bit;
      this.polled.push(peer);
    }
  }

  /** With one ring to look at, which is the rule, looks at it a few times over, as fast as it can. */
  spin(): void {
    if (this.polled.length === 1) this.polled[0]!.reader!.spin(SPIN_LOOKS);
  }

  /** Adds what poll looks at to a watchlist, but for room in rings. @returns false when there is something already */
  watch(list: Watchlist): boolean {
    let isQuiet = list.add(HEADER_EPOCH) === this.epoch && this.wakeup.watch(list, this.active);
    for (let i = 0; i < this.polled.length && isQuiet; i++) isQuiet = this.polled[i]!.reader!.watch(list);
    return isQuiet;
  }

  /** Polls a peer no more. */
  forget(peer: Peer): void {
    this.polled = this.polled.filter((other) => other !== peer);
  }

  /**
   * Makes sure that whoever has something for this rank rings its doorbell (docs/models/wakeup.pml).
   * @returns false when something is there already; then it is not asleep
   */
  prepareSleep(): boolean {
    this.asleep = true;
    this.outbox.starve();
    for (let word = 0; word < this.active.length; word++) {
      const fresh = this.wakeup.takeMarks(word) & ~this.active[word]!;
      if (fresh !== 0) this.activate(word, fresh);
    }
    this.wakeup.arm();
    if (this.somethingNew()) {
      for (let word = 0; word < this.active.length; word++) this.wakeup.restoreMarks(word, this.active[word]!);
      this.wake();
      return false;
    }
    return true;
  }

  /**
   * The third look, after STORES_ARRIVE_MS of sleep: a record whose sender still saw its mark may not have been visible before.
   * @returns whether there is one; if not, the rings are polled no more until their senders set their marks
   */
  lookOnceMore(): boolean {
    if (this.recordIsThere()) return true;
    this.active.fill(0);
    this.polled.length = 0;
    return false;
  }

  /** The second look, after arming. */
  private somethingNew(): boolean {
    if (Atomics.load(this.words, HEADER_EPOCH) !== this.epoch || this.wakeup.marked()) return true;
    return this.recordIsThere() || (!this.outbox.idle && this.outbox.push());
  }

  private recordIsThere(): boolean {
    for (const peer of this.polled) {
      if ((peer.reader as RingReader).peek() >= 0) return true;
    }
    return false;
  }

  /** Back from sleep, or from the attempt. */
  wake(): void {
    if (!this.asleep) return;
    this.asleep = false;
    this.wakeup.disarm();
    this.outbox.unstarve();
  }

  /** @returns true: something has changed, and what a call waits for may be there or may never come */
  private readRankStates(): boolean {
    this.epoch = Atomics.load(this.words, HEADER_EPOCH);
    for (const peer of this.peers) {
      if (peer.ended !== null || peer.rank === this.rank) continue;
      const state: RankState = Atomics.load(this.words, rankWord(peer.rank) + RANK_STATE);
      if (state !== RankState.Finished && state !== RankState.Dead) continue;
      // Its last messages are in its ring: they count before its end does.
      peer.reader ??= this.rings.open(peer.rank);
      while (peer.reader !== null && peer.ended === null && this.drain(peer));
      if (peer.ended === null) this.onEnd(peer, endError(peer.rank, state));
    }
    return true;
  }
}

function endError(rank: number, state: RankState): ZivmError {
  return state === RankState.Finished
    ? new ZivmError('ERR_ZIVM_PEER_FAILED', `rank ${rank} has ended: no message can come from it or go to it any more`, { rank })
    : new ZivmError('ERR_ZIVM_PEER_FAILED', `rank ${rank} has failed`, { rank });
}
