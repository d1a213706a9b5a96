import { corrupt } from './corrupt';
import { LINE_WORDS, RING_HEAD, RING_RECORDS, RING_STARVED } from './layout';
import { PADDING } from './record';

/**
 * The sender's end of a ring: one rank writes, one rank reads.
 *
 * A record is published by storing its first word, so an 8-byte message moves in one cache line. The first word
 * behind it is zeroed before, so the reader finds the end there.
 */
export class RingWriter {
  readonly #words: Int32Array;
  readonly #ring: number;
  readonly #records: number;
  readonly #capacity: number;
  /** Where the next record starts, in lines from the first. */
  #line = 0;
  /** Lines written since the ring was made; wraps at 2^32. */
  #written = 0;
  /** Lines that the reader is known to have consumed. */
  #head = 0;
  /** The longest record, in lines, for which a drained ring always has room. */
  readonly maxLines: number;

  /** @param ring word index of the ring @param lineCount its size */
  constructor(words: Int32Array, ring: number, lineCount: number) {
    this.#words = words;
    this.#ring = ring;
    this.#records = ring + RING_RECORDS;
    this.#capacity = lineCount - RING_RECORDS / LINE_WORDS;
    // Padding up to the end of the ring may cost as much again, and the reader announces its progress a quarter late.
    this.maxLines = this.#capacity >> 2;
  }

  /** Makes a ring out of granules that may hold anything. */
  format(): void {
    this.#words[this.#ring + RING_HEAD] = 0;
    this.#words[this.#ring + RING_STARVED] = 0;
    Atomics.store(this.#words, this.#records, 0);
  }

  /**
   * Room for a record of `lines` lines, at most `maxLines`.
   * @returns the word index where it is to be written, or -1 when the ring is full
   * @throws ZivmError `ERR_ZIVM_CORRUPT` when the reader claims to have read what was not written
   */
  claim(lines: number): number {
    const toEnd = this.#capacity - this.#line;
    if (lines > toEnd) {
      if (!this.#hasRoom(toEnd + lines + 1)) return -1;
      this.#words[this.#records] = 0;
      this.publish(toEnd, PADDING);
    } else if (!this.#hasRoom(lines + 1)) {
      return -1;
    }
    const next = this.#line + lines;
    this.#words[this.#records + (next === this.#capacity ? 0 : next) * LINE_WORDS] = 0;
    return this.#records + this.#line * LINE_WORDS;
  }

  /** Publishes the record that was claimed last. */
  publish(lines: number, kind: number): void {
    // SYNC POINT with RingReader.peek: everything written before is visible to who sees this word. The store is
    // also the full fence between the publication and the look at the receiver's mark (Wakeup.notify).
    Atomics.store(this.#words, this.#records + this.#line * LINE_WORDS, (lines << 8) | kind);
    this.#line += lines;
    if (this.#line === this.#capacity) this.#line = 0;
    this.#written = (this.#written + lines) | 0;
  }

  #hasRoom(lines: number): boolean {
    if (this.#capacity - ((this.#written - this.#head) | 0) >= lines) return true;
    // SYNC POINT with RingReader.release: what the reader has consumed may be overwritten.
    const head = Atomics.load(this.#words, this.#ring + RING_HEAD);
    const used = (this.#written - head) | 0;
    if (used < 0 || used > this.#capacity) throw corrupt(`a ring's head is ${head}, ${this.#written} was written`);
    this.#head = head;
    return this.#capacity - used >= lines;
  }

  /** Tells the reader whether this rank, about to sleep, waits for room. */
  setStarved(starved: boolean): void {
    // SYNC POINT with RingReader.release: store, fence, then the caller looks at the head again.
    Atomics.store(this.#words, this.#ring + RING_STARVED, starved ? 1 : 0);
  }
}
