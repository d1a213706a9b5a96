import { MAX_RANKS } from './layout';

/** Words other than rings' that a rank looks at: its marks and the epoch. */
const OTHER_WORDS = 16;

/** Words of the region that a waiting rank looks at, and what they were when it last looked. */
export class Watchlist {
  private readonly words: Int32Array;
  readonly positions = new Int32Array(MAX_RANKS + OTHER_WORDS);
  readonly values = new Int32Array(MAX_RANKS + OTHER_WORDS);
  count = 0;

  constructor(words: Int32Array) {
    this.words = words;
  }

  clear(): void {
    this.count = 0;
  }

  /** Adds a word. @returns its value now: if that is what the rank waits for, it must not wait */
  add(position: number): number {
    const value = this.words[position]!;
    this.positions[this.count] = position;
    this.values[this.count++] = value;
    return value;
  }
}
