import type { Comm } from '../src/index';

const LINE_WORDS = 16;
/** The median of so many blocks counts. */
const BLOCKS = 5;
const ROUND_TRIPS = 200;

/**
 * A word of either of two ranks, on a line of its own, which they set in turn: what that takes tells how near each other their cores are just now. The
 * host of a virtual machine moves its cores: to two threads of one core, two cores of one cache, or two that share none. `rivals/rival.h` has the same in C.
 */
export class Flag {
  private readonly words: Int32Array;
  /** Indices of the word that this rank sets, and of the other's. */
  private readonly own: number;
  private readonly other: number;
  private number = 0;
  private readonly isFirst: boolean;

  /** @param comm of two ranks, which both call this */
  constructor(comm: Comm) {
    // The benchmarks are part of zivm, and may have what is beneath a communicator.
    const { words, allocator } = comm['engine'];
    const at = new Int32Array(1);
    if (comm.rank === 0) {
      at[0] = allocator.wordOf(allocator.allocateWords(2 * LINE_WORDS));
      words[at[0]] = words[at[0] + LINE_WORDS] = 0;
    }
    comm.bcast(at);
    this.words = words;
    this.isFirst = comm.rank === 0;
    this.own = at[0]! + (this.isFirst ? 0 : LINE_WORDS);
    this.other = at[0]! + (this.isFirst ? LINE_WORDS : 0);
  }

  /** Both ranks call it. @returns nanoseconds from one core to the other */
  ns(): number {
    const ns = Array.from({ length: BLOCKS }, () => {
      const start = performance.now();
      for (let i = 0; i < ROUND_TRIPS; i++) this.bounce();
      return ((performance.now() - start) * 1e6) / (2 * ROUND_TRIPS);
    });
    return ns.sort((a, b) => a - b)[BLOCKS >> 1]!;
  }

  private bounce(): void {
    const { words, own, other } = this;
    const number = ++this.number;
    if (this.isFirst) words[own] = number;
    while (words[other] !== number);
    if (!this.isFirst) words[own] = number;
  }
}
