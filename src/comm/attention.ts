import { RANK_ARMED, RANK_SENDS_TO, rankWord } from '../ring/layout';

/**
 * Which ranks are inside a call that returns only when a send to a certain rank is complete, and awake: they put a long message into the
 * ring piece by piece as soon as that rank asks for it. Another one might be elsewhere for long. Plain loads and stores do, for no
 * answer is wrong: the message only takes longer.
 */
export class Attention {
  private readonly words: Int32Array;
  private readonly rank: number;

  constructor(words: Int32Array, rank: number) {
    this.words = words;
    this.rank = rank;
  }

  /** This rank waits for a send to be complete, or is about to start one and wait. */
  begin(dest: number): void {
    this.words[rankWord(this.rank) + RANK_SENDS_TO] = dest + 1;
  }

  end(): void {
    this.words[rankWord(this.rank) + RANK_SENDS_TO] = 0;
  }

  /** Whether `rank` waits for what it sends to this rank. */
  isGivenBy(rank: number): boolean {
    const entry = rankWord(rank);
    return this.words[entry + RANK_SENDS_TO] === this.rank + 1 && this.words[entry + RANK_ARMED] === 0;
  }
}
