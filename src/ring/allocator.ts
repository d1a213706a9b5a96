import { ZivmError } from '../errors';
import type { RegionPlan } from './layout';

/*
 * Gives out the granules of a region's heap.
 *
 * The granule table has a word for each granule: 0 when it is free, else its owner and whether it begins an
 * allocation. A granule is claimed by a compare-and-swap of its own word and there is no other state, no list
 * and no lock. So a rank that dies at any instruction leaves granules that carry its number, and nothing else:
 * everybody else goes on, and reclaim() frees what the dead one held.
 */

const FREE = 0;
const CONTINUES = 0x10000;

export class Allocator {
  private readonly words: Int32Array;
  private readonly plan: RegionPlan;
  private readonly owner: number;
  private cursor: number;

  /** @param rank the owner of what this allocator gives out; one thread of that rank uses it. */
  constructor(words: Int32Array, plan: RegionPlan, rank: number) {
    this.words = words;
    this.plan = plan;
    this.owner = rank + 1;
    // Ranks start at different places, so that they seldom compete for the same granules.
    this.cursor = Math.floor((plan.granuleCount / plan.rankCount) * rank);
  }

  /**
   * Allocates `count` granules that follow each other, with whatever bytes they hold.
   * @returns the index of the first
   * @throws ZivmError `ERR_ZIVM_NO_SPACE`
   */
  allocate(count: number): number {
    const end = this.plan.granuleCount;
    // Two passes: from the cursor to the end, then from the start.
    for (const start of [this.cursor, 0]) {
      let first = start;
      while (first + count <= end) {
        const free = this.freeFrom(first, count);
        if (free === count && this.claim(first, count)) {
          this.cursor = first + count;
          return first;
        }
        first += free < count ? free + 1 : 1;
      }
    }
    throw new ZivmError(
      'ERR_ZIVM_NO_SPACE',
      `the region has no ${count * this.plan.granuleBytes} free bytes in one piece: ` +
        `free something, or start the job with a --region-size above ${this.plan.byteLength / 2 ** 20}M`,
    );
  }

  get heapBytes(): number {
    return this.plan.granuleCount * this.plan.granuleBytes;
  }

  /** Allocates room for `wordCount` words. @returns the index of the first granule @throws ZivmError `ERR_ZIVM_NO_SPACE` */
  allocateWords(wordCount: number): number {
    return this.allocate(Math.ceil((wordCount * Int32Array.BYTES_PER_ELEMENT) / this.plan.granuleBytes));
  }

  /** How many granules from `first` on are free, `most` at most. */
  private freeFrom(first: number, most: number): number {
    let free = 0;
    while (free < most && Atomics.load(this.words, this.plan.granuleTableWord + first + free) === FREE) free++;
    return free;
  }

  /** Claims granules one by one; gives them back when another rank was quicker at one of them. */
  private claim(first: number, count: number): boolean {
    const table = this.plan.granuleTableWord + first;
    for (let i = 0; i < count; i++) {
      const tag = i === 0 ? this.owner : this.owner | CONTINUES;
      if (Atomics.compareExchange(this.words, table + i, FREE, tag) !== FREE) {
        while (--i >= 0) Atomics.store(this.words, table + i, FREE);
        return false;
      }
    }
    return true;
  }

  /** Frees the allocation that begins at granule `first`; this rank made it. */
  free(first: number): void {
    const table = this.plan.granuleTableWord;
    let last = first;
    while (
      last + 1 < this.plan.granuleCount &&
      Atomics.load(this.words, table + last + 1) === (this.owner | CONTINUES)
    ) {
      last++;
    }
    for (let granule = last; granule >= first; granule--) Atomics.store(this.words, table + granule, FREE);
  }

  /** Frees everything that a dead rank held. Any survivor may call it, several at once too. */
  reclaim(deadRank: number): void {
    const table = this.plan.granuleTableWord;
    for (let granule = 0; granule < this.plan.granuleCount; granule++) {
      const tag = Atomics.load(this.words, table + granule);
      if ((tag & ~CONTINUES) === deadRank + 1) Atomics.compareExchange(this.words, table + granule, tag, FREE);
    }
  }

  /** How many granules are free. */
  freeCount(): number {
    let free = 0;
    for (let granule = 0; granule < this.plan.granuleCount; granule++) {
      if (Atomics.load(this.words, this.plan.granuleTableWord + granule) === FREE) free++;
    }
    return free;
  }

  /** Word index of a granule's first byte. */
  wordOf(granule: number): number {
    return this.plan.heapWord + granule * (this.plan.granuleBytes / Int32Array.BYTES_PER_ELEMENT);
  }
}
