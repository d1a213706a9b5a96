import { corrupt } from './corrupt';
import { loadInOrder } from './fence';
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
import type { Watchlist } from './watchlist';

const SLOT_WORDS = SLOT_LINES * LINE_WORDS;

/** About as long as a message needs from one core to another. */
const SPIN_LOOKS = 32;

/** The receiver's end of a ring. */
export class RingReader {
  readonly #words: Int32Array;
  readonly #ring: number;
  readonly #slots: number;
  readonly #slotCount: number;
  readonly #payloads: number;
  readonly #payloadLines: number;
  /** Records consumed since the ring was made; wraps at 2^32. */
  #consumed = 0;
  /** What the writer was told of that. */
  #announced = 0;
  /** Payload lines consumed that the writer was not told of. */
  #lines = 0;

  /** @param ring word index of the ring @param lineCount its size */
  constructor(words: Int32Array, ring: number, lineCount: number) {
    const { slotCount, payloadLines } = ringShape(lineCount);
    this.#words = words;
    this.#ring = ring;
    this.#slots = ring + RING_SLOTS;
    this.#slotCount = slotCount;
    this.#payloads = this.#slots + slotCount * SLOT_WORDS;
    this.#payloadLines = payloadLines;
  }

  /** Looks for a record. @returns word index of its slot, or -1 when there is none */
  peek(): number {
    const slot = this.#slots + (this.#consumed & (this.#slotCount - 1)) * SLOT_WORDS;
    // Polling costs a load that stays in this core's cache until the writer stores.
    // SYNC POINT with RingWriter.publish.
    return loadInOrder(this.#words, slot + SLOT_NUMBER) === ((this.#consumed + 1) | 0) ? slot : -1;
  }

  /** Looks for a record a few times over, as fast as it can. */
  spin(): void {
    const word = this.#slots + (this.#consumed & (this.#slotCount - 1)) * SLOT_WORDS + SLOT_NUMBER;
    const wanted = (this.#consumed + 1) | 0;
    for (let look = 0; look < SPIN_LOOKS && this.#words[word] !== wanted; look++);
  }

  /** Adds what peek looks at to a watchlist. @returns false when there is a record already */
  watch(list: Watchlist): boolean {
    const slot = this.#slots + (this.#consumed & (this.#slotCount - 1)) * SLOT_WORDS;
    return list.add(slot + SLOT_NUMBER) !== ((this.#consumed + 1) | 0);
  }

  /**
   * Where the payload of the record in `slot`, `byteLength` bytes, is, as a word index.
   * @throws ZivmError `ERR_ZIVM_CORRUPT` when it would not be in the ring
   */
  payload(slot: number, byteLength: number): number {
    if (byteLength <= SLOT_PAYLOAD_BYTES) return slot + SLOT_PAYLOAD;
    const line = this.#words[slot + SLOT_PAYLOAD_LINE]!;
    const lines = (byteLength + LINE_BYTES - 1) >>> 6;
    if (line < 0 || line > this.#payloadLines - lines) throw corrupt(`a payload is at line ${line} of ${this.#payloadLines}`);
    this.#lines += lines;
    return this.#payloads + line * LINE_WORDS;
  }

  /**
   * Gives the record that peek found back to the writer.
   * @returns true when the writer sleeps until it is told that there is room
   */
  release(): boolean {
    this.#consumed = (this.#consumed + 1) | 0;
    const isSoon = ((this.#consumed - this.#announced) | 0) < this.#slotCount >> 2 && this.#lines < this.#payloadLines >> 2;
    return !isSoon && this.#announce();
  }

  #announce(): boolean {
    this.#announced = this.#consumed;
    this.#lines = 0;
    // SYNC POINT with RingWriter.setStarved: store, fence, then look whether the writer waits.
    Atomics.store(this.#words, this.#ring + RING_HEAD, this.#consumed);
    return Atomics.load(this.#words, this.#ring + RING_STARVED) !== 0;
  }
}
