import type { Buf } from './elements';

/** Larger memory is not kept alive for the sake of a view, or a handle. */
export const KEPT_BYTES = 64 * 1024;

/**
 * The array that a user's messages came from, or went to, last, under 64-bit words. Programs send and receive with the
 * same few arrays, and words are the quickest way to move a few of them, whatever the array's elements are.
 */
export class UserWords {
  #array: Buf | null = null;
  #words: BigInt64Array | null = null;
  #missed: Buf | null = null;

  /**
   * The words of `array` as it was when it was learnt; or null when it is not known yet, does not begin at a word, or is a
   * part of a large buffer. (A buffer may have been resized or transferred since: look at the length.)
   */
  of(array: Buf): BigInt64Array | null {
    return array === this.#array ? this.#words : this.#learn(array);
  }

  /** A view is made for an array that comes twice in a row. */
  #learn(array: Buf): BigInt64Array | null {
    if (array !== this.#missed) {
      this.#missed = array;
      return null;
    }
    const { buffer, byteOffset, byteLength } = array;
    this.#array = array;
    this.#words = (byteOffset & 7) === 0 && buffer.byteLength <= KEPT_BYTES ? new BigInt64Array(buffer, byteOffset, byteLength >>> 3) : null;
    return this.#words;
  }
}
