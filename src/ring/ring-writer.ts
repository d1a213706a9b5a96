import { corrupt } from './corrupt';
import {
  LINE_BYTES,
  LINE_WORDS,
  RING_HEAD,
  RING_SLOTS,
  RING_STARVED,
  ringShape,
  SLOT_LINES,
  SLOT_NUMBER,
  SLOT_PAYLOAD,
  SLOT_PAYLOAD_BYTES,
  SLOT_PAYLOAD_LINE,
} from './layout';

const SLOT_WORDS = SLOT_LINES * LINE_WORDS;

/**
 * The sender's end of a ring: one rank writes, one rank reads.
 *
 * A record is published by storing its number in its slot. Slots stay where they are, and numbers only grow, so what
 * an earlier record left there is never taken for the next one, and nothing needs to be cleared.
 */
export class RingWriter {
  readonly #words: Int32Array;
  readonly #ring: number;
  readonly #slots: number;
  readonly #slotCount: number;
  readonly #payloads: number;
  readonly #payloadLines: number;
  /** For each slot, how many payload lines had been given out when its record was claimed. */
  readonly #ends: Int32Array;
  /** Records published since the ring was made; wraps at 2^32, as the counts below. */
  #written = 0;
  /** Records that the reader is known to have consumed. */
  #head = 0;
  /** Payload lines given out, those skipped at the end of the ring included, and those free again. */
  #linesGiven = 0;
  #linesFreed = 0;
  /** The payload line that is next. */
  #line = 0;
  /** Where the payload of the record claimed last is to be written, as a word index. */
  payload = 0;
  /** The longest payload for which a drained ring always has room. */
  readonly maxPayload: number;

  /** @param ring word index of the ring @param lineCount its size */
  constructor(words: Int32Array, ring: number, lineCount: number) {
    const { slotCount, payloadLines } = ringShape(lineCount);
    this.#words = words;
    this.#ring = ring;
    this.#slots = ring + RING_SLOTS;
    this.#slotCount = slotCount;
    this.#payloads = this.#slots + slotCount * SLOT_WORDS;
    this.#payloadLines = payloadLines;
    this.#ends = new Int32Array(slotCount);
    // A payload is in one piece, and the reader announces its progress a quarter late.
    this.maxPayload = (payloadLines >> 2) * LINE_BYTES;
  }

  /** Makes a ring out of granules that may hold anything. */
  format(): void {
    for (let slot = 0; slot < this.#slotCount; slot++) this.#words[this.#slots + slot * SLOT_WORDS + SLOT_NUMBER] = 0;
    this.#words[this.#ring + RING_HEAD] = 0;
    this.#words[this.#ring + RING_STARVED] = 0;
  }

  /**
   * Room for a record with a payload of `byteLength` bytes, at most `maxPayload`; `payload` then tells where it goes.
   * @returns word index of the slot, or -1 when the ring is full
   * @throws ZivmError `ERR_ZIVM_CORRUPT` when the reader claims to have read what was not written
   */
  claim(byteLength: number): number {
    if (((this.#written - this.#head) | 0) === this.#slotCount) {
      this.#readHead();
      if (((this.#written - this.#head) | 0) === this.#slotCount) return -1;
    }
    const index = this.#written & (this.#slotCount - 1);
    const slot = this.#slots + index * SLOT_WORDS;
    if (byteLength <= SLOT_PAYLOAD_BYTES) this.payload = slot + SLOT_PAYLOAD;
    else if (!this.#claimLines(slot, (byteLength + LINE_BYTES - 1) >>> 6)) return -1;
    this.#ends[index] = this.#linesGiven;
    return slot;
  }

  /** A payload is in one piece: what is left at the end of the ring is skipped when it is too short. */
  #claimLines(slot: number, lines: number): boolean {
    const toEnd = this.#payloadLines - this.#line;
    const needed = lines > toEnd ? toEnd + lines : lines;
    if (this.#freeLines() < needed) {
      this.#readHead();
      if (this.#freeLines() < needed) return false;
    }
    const line = lines > toEnd ? 0 : this.#line;
    this.#line = line + lines === this.#payloadLines ? 0 : line + lines;
    this.#linesGiven = (this.#linesGiven + needed) | 0;
    this.#words[slot + SLOT_PAYLOAD_LINE] = line;
    this.payload = this.#payloads + line * LINE_WORDS;
    return true;
  }

  #freeLines(): number {
    return this.#payloadLines - ((this.#linesGiven - this.#linesFreed) | 0);
  }

  #readHead(): void {
    // SYNC POINT with RingReader.release: what the reader has consumed may be overwritten.
    const head = Atomics.load(this.#words, this.#ring + RING_HEAD);
    if (head === this.#head) return;
    const used = (this.#written - head) | 0;
    if (used < 0 || used > ((this.#written - this.#head) | 0)) throw corrupt(`a ring's head is ${head}, ${this.#written} was written`);
    this.#head = head;
    this.#linesFreed = this.#ends[(head - 1) & (this.#slotCount - 1)]!;
  }

  /** Tells the reader whether this rank, about to sleep, waits for room. */
  setStarved(starved: boolean): void {
    // SYNC POINT with RingReader.release: store, fence, then the caller looks at the head again.
    Atomics.store(this.#words, this.#ring + RING_STARVED, starved ? 1 : 0);
  }

  /** Publishes the record that was claimed last. */
  publish(slot: number): void {
    this.#written = (this.#written + 1) | 0;
    // SYNC POINT with RingReader.peek: everything written before is visible to who sees this number. The store is
    // also the full fence between the publication and the look at the receiver's mark (Wakeup.notify).
    Atomics.store(this.#words, slot + SLOT_NUMBER, this.#written);
  }
}
