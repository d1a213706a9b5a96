import { RANK_ARMED, RANK_ATTENDS, rankWord } from '../ring/layout';

/**
 * Who is inside a blocking call, and awake. What needs both ends at once goes well only between two such ranks: whoever is
 * elsewhere would leave the other one waiting in the middle of it. These are plain loads and stores, for all answers
 * are right ones, and some are only slower.
 */
export class Attention {
  readonly #words: Int32Array;
  readonly #own: number;

  constructor(words: Int32Array, rank: number) {
    this.#words = words;
    this.#own = rankWord(rank) + RANK_ATTENDS;
  }

  /** This rank begins to wait, or is about to start what it will wait for. */
  begin(): void {
    this.#words[this.#own] = 1;
  }

  end(): void {
    this.#words[this.#own] = 0;
  }

  isGivenBy(rank: number): boolean {
    const entry = rankWord(rank);
    return this.#words[entry + RANK_ATTENDS] !== 0 && this.#words[entry + RANK_ARMED] === 0;
  }
}
