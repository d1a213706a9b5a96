import { type MemoryHandle, native } from '../native';
import type { Buf } from './elements';
import { KEPT_BYTES } from './user-words';

/**
 * A handle of the array that reductions worked on last, for native calls: to ask an array for its memory takes as long as
 * the rest of a call.
 */
export class UserMemory {
  #array: Buf | null = null;
  #length = 0;
  #handle: MemoryHandle | null = null;
  #missed: Buf | null = null;

  /**
   * The handle of `array`; or the array, while it is not known yet, where it is a part of a large buffer, and when its
   * length has changed, for its buffer has been resized or transferred.
   */
  of(array: Buf): MemoryHandle | Buf {
    if (array !== this.#array && !this.#learn(array)) return array;
    return this.#handle !== null && array.length === this.#length ? this.#handle : array;
  }

  /** A handle is made for an array that comes twice in a row. */
  #learn(array: Buf): boolean {
    if (array !== this.#missed) {
      this.#missed = array;
      return false;
    }
    this.#array = array;
    this.#length = array.length;
    this.#handle = array.buffer.byteLength <= KEPT_BYTES ? native.memoryHandle(array) : null;
    return true;
  }
}
