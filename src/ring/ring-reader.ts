import { corrupt } from './corrupt';
import { LINE_WORDS, RING_HEAD, RING_RECORDS, RING_STARVED } from './layout';
import { PADDING } from './record';

/** The receiver's end of a ring. */
export class RingReader {
  readonly #words: Int32Array;
  readonly #ring: number;
  readonly #records: number;
  readonly #capacity: number;
  #line = 0;
  /** Lines consumed since the ring was made; wraps at 2^32. */
  #consumed = 0;
  /** What the writer was told of that. */
  #announced = 0;
  /** The record that peek found. */
  kind = 0;
  lines = 0;

  /** @param ring word index of the ring @param lineCount its size */
  constructor(words: Int32Array, ring: number, lineCount: number) {
    this.#words = words;
    this.#ring = ring;
    this.#records = ring + RING_RECORDS;
    this.#capacity = lineCount - RING_RECORDS / LINE_WORDS;
  }

  /**
   * Looks for a record, and leaves its kind and length in `kind` and `lines`.
   * @returns its word index, or -1 when there is none
   * @throws ZivmError `ERR_ZIVM_CORRUPT`
   */
  peek(): number {
    // Polling costs a plain load, which stays in this core's cache until the writer stores. It may come late, but
    // not for ever, and what it sees is not used: once something is there, the atomic load decides.
    if (this.#words[this.#records + this.#line * LINE_WORDS] === 0) return -1;
    return this.look();
  }

  /** peek with an atomic load from the start: the look that counts before a rank goes to sleep. */
  look(): number {
    for (;;) {
      const at = this.#records + this.#line * LINE_WORDS;
      // SYNC POINT with RingWriter.publish.
      const word = Atomics.load(this.#words, at);
      if (word === 0) return -1;
      const lines = word >>> 8;
      if (lines === 0 || lines > this.#capacity - this.#line) throw corrupt(`a record claims ${lines} lines`);
      this.kind = word & 0xff;
      this.lines = lines;
      if (this.kind !== PADDING) return at;
      this.#advance();
    }
  }

  /**
   * Gives the record that peek found back to the writer.
   * @returns true when the writer sleeps until it is told that there is room
   */
  release(): boolean {
    this.#advance();
    if (((this.#consumed - this.#announced) | 0) < this.#capacity >> 2) return false;
    this.#announced = this.#consumed;
    // SYNC POINT with RingWriter.setStarved: store, fence, then look whether the writer waits.
    Atomics.store(this.#words, this.#ring + RING_HEAD, this.#consumed);
    return Atomics.load(this.#words, this.#ring + RING_STARVED) !== 0;
  }

  #advance(): void {
    this.#line += this.lines;
    if (this.#line === this.#capacity) this.#line = 0;
    this.#consumed = (this.#consumed + this.lines) | 0;
  }
}
