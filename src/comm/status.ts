import { ZivmError } from '../errors';
import { ANY_SOURCE, ANY_TAG, UNDEFINED } from './constants';

const RECENT = 256;

/**
 * What a receive or a probe found (MPI_Status): who sent it, under which tag, and how long it was.
 * A status that a call returns is never changed afterwards; one made with `new Status()` can be filled by a call.
 */
export class Status {
  #source = ANY_SOURCE;
  #tag = ANY_TAG;
  #byteLength = 0;
  #cancelled = false;
  #shared = false;

  /** Rank of the sender; `PROC_NULL` after a receive from `PROC_NULL`. */
  get source(): number {
    return this.#source;
  }

  get tag(): number {
    return this.#tag;
  }

  /** Bytes of the message. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** True when the request was cancelled before it was matched (MPI_Test_cancelled). */
  get cancelled(): boolean {
    return this.#cancelled;
  }

  /**
   * Elements of the given type in the message, or `UNDEFINED` when it is no whole number (MPI_Get_count).
   * @param type a typed array constructor; bytes unless given
   */
  count(type: { readonly BYTES_PER_ELEMENT: number } = Uint8Array): number {
    const count = this.#byteLength / type.BYTES_PER_ELEMENT;
    return Number.isInteger(count) ? count : UNDEFINED;
  }

  /** @internal */
  fill(source: number, tag: number, byteLength: number, cancelled: boolean): this {
    if (this.#shared) {
      throw new ZivmError('ERR_ZIVM_TYPE', 'a status that a call returned cannot be filled: give a new Status()');
    }
    this.#source = source;
    this.#tag = tag;
    this.#byteLength = byteLength;
    this.#cancelled = cancelled;
    return this;
  }

  static readonly #recent: Status[] = Array.from({ length: RECENT }, () => {
    const status = new Status();
    status.#shared = true;
    return status;
  });

  /** @internal Equal statuses are one object, so that a loop of receives allocates nothing. */
  static of(source: number, tag: number, byteLength: number, cancelled: boolean): Status {
    const slot = (source * 31 + tag * 7 + byteLength) & (RECENT - 1);
    const known = Status.#recent[slot]!;
    if (
      known.#source === source &&
      known.#tag === tag &&
      known.#byteLength === byteLength &&
      known.#cancelled === cancelled
    ) {
      return known;
    }
    const status = new Status().fill(source, tag, byteLength, cancelled);
    status.#shared = true;
    Status.#recent[slot] = status;
    return status;
  }
}

/** @internal Of what has not been matched. */
export const NOTHING = Status.of(ANY_SOURCE, ANY_TAG, 0, false);
