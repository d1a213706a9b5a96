import { fetchAhead, keep, LINES_AHEAD, loadInOrder } from './order';
import {
  LINE_WORDS,
  RECORD_KIND,
  RECORD_NUMBER,
  recordLines,
  RING_HEAD,
  RING_RECORDS,
  RING_STARVED,
} from './layout';
import { SKIP } from './record';
import type { Watchlist } from './watchlist';

/** Records with more lines come later if their reader asks for lines early. */
const MOST_FETCHED = 8;

/** The receiver's end of a ring. */
export class RingReader {
  private readonly words: Int32Array;
  private readonly ring: number;
  /** Word indices of the first line for records, and of the end. */
  private readonly first: number;
  private readonly end: number;
  /** A quarter of the lines: the writer is told of progress when as many were consumed. */
  private readonly quarter: number;
  /** Where the next record begins. */
  private next: number;
  /** Lines consumed since the ring was made; wraps at 2^32. */
  private consumed = 0;
  /** What the writer was told of that. */
  private announced = 0;
  /** Lines of the last record. */
  private lastLines = 0;

  /** @param ring word index of the ring @param lineCount its size */
  constructor(words: Int32Array, ring: number, lineCount: number) {
    this.words = words;
    this.ring = ring;
    this.first = ring + RING_RECORDS;
    this.end = ring + lineCount * LINE_WORDS;
    this.quarter = (lineCount - RING_RECORDS / LINE_WORDS) >> 2;
    this.next = this.first;
  }

  /** Looks for a record. @returns its word index, or -1 when there is none */
  peek(): number {
    const record = this.next;
    // Polling costs a load that stays in this core's cache until the writer stores.
    // SYNC POINT with RingWriter.publish and putMessage.
    if (loadInOrder(this.words, record + RECORD_NUMBER) !== ((this.consumed + 1) | 0)) return -1;
    return this.words[record + RECORD_KIND] === SKIP ? this.skip() : record;
  }

  /** Nothing is in the lines up to the end. They are announced with the record that follows. */
  private skip(): number {
    this.consumed = (this.consumed + (this.end - this.next) / LINE_WORDS) | 0;
    this.next = this.first;
    return this.peek();
  }

  /** Looks for a record some times over, as fast as it can. @returns whether there is one */
  spin(looks: number): boolean {
    const words = this.words;
    const word = this.next + RECORD_NUMBER;
    const wanted = (this.consumed + 1) | 0;
    for (let look = 0; look < looks; look++) if (words[word] === wanted) return true;
    return false;
  }

  /**
   * As `spin`, for one message: the rest of it is to come together with its first line. Where many lines are to be expected, as
   * the last message had, that would take them away from a sender that is still writing; and in a window of messages too.
   */
  spinAhead(looks: number): boolean {
    if (this.lastLines > MOST_FETCHED || this.next + (1 + LINES_AHEAD) * LINE_WORDS > this.end) return this.spin(looks);
    const words = this.words;
    const word = this.next + RECORD_NUMBER;
    const wanted = (this.consumed + 1) | 0;
    let look = 0;
    let seen = 0;
    while (look < looks && words[word] !== wanted) seen ^= fetchAhead(words, word, look++);
    keep(seen);
    return look < looks;
  }

  /** Adds what peek looks at to a watchlist. @returns false when there is a record already */
  watch(list: Watchlist): boolean {
    return list.add(this.next + RECORD_NUMBER) !== ((this.consumed + 1) | 0);
  }

  /**
   * Lines of the record that peek found; 0 when its payload would not be in the ring.
   * @param byteLength of its payload
   */
  lines(byteLength: number): number {
    const lines = recordLines(byteLength);
    return this.next + lines * LINE_WORDS > this.end ? 0 : lines;
  }

  /**
   * Gives the record that peek found, of so many lines, back to the writer.
   * @returns true when the writer sleeps until it is told that there is room
   */
  release(lines: number): boolean {
    const next = this.next + lines * LINE_WORDS;
    this.lastLines = lines;
    this.next = next === this.end ? this.first : next;
    this.consumed = (this.consumed + lines) | 0;
    return ((this.consumed - this.announced) | 0) >= this.quarter && this.announce();
  }

  private announce(): boolean {
    this.announced = this.consumed;
    // SYNC POINT with RingWriter.setStarved: store, fence, then look whether the writer waits.
    Atomics.store(this.words, this.ring + RING_HEAD, this.consumed);
    return Atomics.load(this.words, this.ring + RING_STARVED) !== 0;
  }
}
