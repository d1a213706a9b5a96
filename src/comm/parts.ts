import type { Views } from '../ring/views';
import { ARRAY_TYPES, type Buf, type Kind } from './elements';
import { UserWords } from './user-words';

/** Views that are kept; one for each line of a ring. */
const PLACES = 4096;

/**
 * Views of parts of the region. Messages of one length come to the same places of a ring again and again, so a view is
 * kept after its use: a stream of messages makes no new ones.
 */
export class Parts {
  readonly views: Views;
  readonly user = new UserWords();
  readonly #kept: (Buf | null)[] = new Array<Buf | null>(PLACES).fill(null);
  /** Where the kept views begin, and their lengths and kinds. */
  readonly #starts = new Uint32Array(PLACES);
  readonly #shapes = new Int32Array(PLACES);

  constructor(views: Views) {
    this.views = views;
  }

  /** The `byteLength` bytes, less than 128 MiB, at byte `at` of the region as an array of a kind whose elements fit. */
  view(at: number, kind: Kind, byteLength: number): Buf {
    const place = (at >>> 6) & (PLACES - 1);
    const shape = (byteLength << 4) | kind;
    if (this.#starts[place] === at && this.#shapes[place] === shape) {
      const kept = this.#kept[place]!;
      if (kept !== null) return kept;
    }
    return this.#make(place, at, kind, byteLength, shape);
  }

  #make(place: number, at: number, kind: Kind, byteLength: number, shape: number): Buf {
    const type = ARRAY_TYPES[kind]!;
    const made = new type(this.views.memory, this.views.byteOffset + at, byteLength / type.BYTES_PER_ELEMENT);
    this.#starts[place] = at;
    this.#shapes[place] = shape;
    this.#kept[place] = made;
    return made;
  }
}
