import { RANK_ARMED, RANK_SENDS, rankWord } from '../ring/layout';

/**
 * Which ranks are inside a call that returns only when a send is complete, and awake: they will put a long message into the ring piece by
 * piece as soon as they are asked to. Another one might be elsewhere for long. Plain loads and stores do, for no
 * answer is wrong: the message only takes longer.
 */
export class Attention {
  readonly #words: Int32Array;
  readonly #own: number;

  constructor(words: Int32Array, rank: number) {
    this.#words = words;
    this.#own = rankWord(rank) + RANK_SENDS;
  }

  /** This rank waits for a send to be complete, or is about to start one and wait. */
  begin(): void {
    this.#words[this.#own] = 1;
  }

  end(): void {
    this.#words[this.#own] = 0;
  }

  isGivenBy(rank: number): boolean {
    const entry = rankWord(rank);
    return this.#words[entry + RANK_SENDS] !== 0 && this.#words[entry + RANK_ARMED] === 0;
  }
}
