import { fast } from '../native';
import { RANK_AWAITED, RANK_AWAITED_NUMBER, rankWord } from './layout';
import type { Watchlist } from './watchlist';

/** No rank waits for it: it is in the region's header. */
const NO_WORD = 0;

/**
 * So often a rank looks before it gives its core away all the same, and at so many ranks in all; together that takes as long as a few turns. What the ranks say may be out of date, for
 * the kernel moves them, and other processes may want the core.
 */
const MOST_LOOKS = 400;
const MOST_RANKS_SEEN = 3200;

/**
 * Ranks that share cores, and take turns on them. A turn costs several microseconds, so a rank that waits gives its core away only if another rank on it has
 * something to do. To let the others see that, each says on which core it is, and which word it waits for; who says the core alone is taken to have something to do.
 */
export class Turns {
  private readonly words: Int32Array;
  private readonly rank: number;
  private readonly rankCount: number;
  private readonly own: number;
  private readonly looks: number;

  constructor(words: Int32Array, rank: number, rankCount: number) {
    this.words = words;
    this.rank = rank;
    this.rankCount = rankCount;
    this.own = rankWord(rank);
    this.looks = Math.min(MOST_LOOKS, Math.ceil(MOST_RANKS_SEEN / rankCount));
  }

  /** From now on this rank waits until a word has reached a number. It has nothing to send before; what comes for it meanwhile it takes in its turns. */
  beginWait(word: number, number: number): void {
    this.words[this.own + RANK_AWAITED_NUMBER] = number;
    this.words[this.own + RANK_AWAITED] = word;
  }

  endWait(): void {
    this.words[this.own + RANK_AWAITED] = NO_WORD;
  }

  /**
   * Gives the core away, `times` at most, until one of the words on the list has changed.
   * @param whenWanted only to ranks that have something to do, and looks meanwhile. Who waits for a message, or for room, had better not: a rank
   * that says it waits may have to make it
   */
  yieldWhileSame({ positions, values, count }: Watchlist, times: number, whenWanted: boolean): void {
    fast.yieldWhileSame(this.words, positions, values, count, times, whenWanted ? this.looks : 1, this.rank, this.rankCount);
  }
}
