import type { Region } from '../region/region';
import type { Watchlist } from './watchlist';
import { loadInOrder } from './order';
import { RANK_ARMED, RANK_MARKS, RANK_PEER, RANK_SLOT, rankWord } from './layout';

/**
 * A rank that has slept for so long sees all that was stored before it fell asleep. A processor empties its store buffer as soon as
 * it can, within a microsecond or so, and in any case at an interrupt; so this is the longest period of a kernel's clock (100 Hz).
 */
export const STORES_ARRIVE_MS = 10;

/*
 * Who has something for whom, and who must be woken for it.
 *
 * A rank polls the rings whose senders have set their bit in its marks. The bits stay set while it polls, so a
 * sender in steady state finds its bit there and does nothing more. A rank that goes to sleep takes all bits away
 * and sets its armed word; the next sender sets its bit again, sees the rank armed, and rings its doorbell.
 *
 * A sender does not wait for its record to be visible before it looks for its bit (src/ring/order.ts). So it may still have seen its bit set
 * when the sleeper no longer saw the record. The sleeper therefore wakes once by itself, after STORES_ARRIVE_MS, and looks at the
 * rings that it polled before. (A. Morrison and Y. Afek, Temporally Bounding TSO for Fence-Free Asymmetric Synchronization, ASPLOS 2015.)
 * docs/models/wakeup.pml checks that no wake-up is lost.
 */
export class Wakeup {
  private readonly words: Int32Array;
  private readonly region: Region;
  private readonly own: number;
  private readonly bitWord: number;
  private readonly bit: number;
  /** Words of marks: one bit for each rank. */
  readonly markWords: number;

  constructor(words: Int32Array, region: Region, rank: number, rankCount: number) {
    this.words = words;
    this.region = region;
    this.own = rankWord(rank);
    this.bitWord = rank >>> 5;
    this.bit = 1 << (rank & 31);
    this.markWords = (rankCount + 31) >>> 5;
  }

  /** Marks that this rank has, 32 senders a word. A plain load: poll with it. */
  marks(word: number): number {
    return this.words[this.own + RANK_MARKS + word]!;
  }

  /** Adds this rank's marks to a watchlist. @returns false when there is one that is not in `active` */
  watch(list: Watchlist, active: Int32Array): boolean {
    for (let word = 0; word < this.markWords; word++) {
      if ((list.add(this.own + RANK_MARKS + word) & ~active[word]!) !== 0) return false;
    }
    return true;
  }

  /** Tells `rank` that this rank has done something in their ring; wakes it if it sleeps. */
  notify(rank: number): void {
    const marks = rankWord(rank) + RANK_MARKS + this.bitWord;
    // SYNC POINT with takeMarks: a bit that is still set means that the receiver has yet to look at this ring for the last time
    // before it sleeps for long.
    if ((loadInOrder(this.words, marks) & this.bit) === 0) this.mark(rank, marks);
  }

  private mark(rank: number, marks: number): void {
    Atomics.or(this.words, marks, this.bit);
    // SYNC POINT with arm: either the armed word is seen here, or the mark is seen there.
    if (Atomics.load(this.words, rankWord(rank) + RANK_ARMED) !== 0) this.ringDoorbell(rank);
  }

  /** Wakes `rank` if it sleeps; for who has published something else than a record. */
  wakeSleeper(rank: number): void {
    // SYNC POINT with arm: who is seen awake here looks once more after STORES_ARRIVE_MS.
    if (loadInOrder(this.words, rankWord(rank) + RANK_ARMED) !== 0) this.ringDoorbell(rank);
  }

  ringDoorbell(rank: number): void {
    const entry = rankWord(rank);
    this.region.ring(this.words[entry + RANK_PEER]!, this.words[entry + RANK_SLOT]!);
  }

  /** First step to sleep: takes away and returns the marks of 32 senders. */
  takeMarks(word: number): number {
    return Atomics.exchange(this.words, this.own + RANK_MARKS + word, 0);
  }

  /** Second step: from here on, whoever sets a mark rings. Then look at everything once more, and sleep. */
  arm(): void {
    Atomics.store(this.words, this.own + RANK_ARMED, 1);
  }

  disarm(): void {
    Atomics.store(this.words, this.own + RANK_ARMED, 0);
  }

  /** Puts marks back that takeMarks took, when there was something after all. */
  restoreMarks(word: number, bits: number): void {
    Atomics.or(this.words, this.own + RANK_MARKS + word, bits);
  }

  /** Takes one mark away. The caller then looks once more at what it stood for. */
  clearMark(word: number, bit: number): void {
    Atomics.and(this.words, this.own + RANK_MARKS + word, ~bit);
  }

  /** Third step: has anybody set a mark since they were taken? */
  marked(): boolean {
    for (let word = 0; word < this.markWords; word++) {
      if (Atomics.load(this.words, this.own + RANK_MARKS + word) !== 0) return true;
    }
    return false;
  }

  /** @returns false when the time is over and nobody has rung */
  sleep(timeoutMs: number): boolean {
    return this.region.sleep(timeoutMs);
  }
}
