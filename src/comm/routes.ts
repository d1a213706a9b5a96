/** How the payload of a long message comes from another process of this kernel. */
export const enum Route {
  /** The kernel copies it, from memory to memory. */
  Direct,
  /** In pieces, through the ring: the sender copies them in, and the receiver copies them out. */
  Region,
}

/** What is measured: the one copy; and of the two the sender's, and how long all takes for the receiver. */
const enum Copy {
  Direct,
  In,
  Out,
}
const COPIES = 3;

/** Of so many measurements the best one counts: what interrupts a rank makes several in a row slow. */
const MEASUREMENTS = 8;

/** Lengths are told apart by their binary order of magnitude, from 16 KiB to 4 MiB. */
const LEAST_MAGNITUDE = 14;
const MOST_MAGNITUDE = 22;
const MAGNITUDES = MOST_MAGNITUDE - LEAST_MAGNITUDE + 1;

/** After so many messages the slower route is tried again, with two messages: the first finds nothing in the caches. */
const ROUND = 128;
const TRIALS = 2;

/**
 * Which route is the quicker one from a sender. Two cores that share a cache move data through the region in half of the time that the
 * kernel takes, other cores in twice the time, and a host moves the cores of its machines: so it is measured all along.
 */
export class Routes {
  /** Milliseconds per byte; 0 before there are measurements, so that the region is tried, and then the other route. */
  readonly #paces = new Float64Array(MAGNITUDES * COPIES * MEASUREMENTS);
  /** For each copy of a magnitude where its next measurement goes: in the place of the oldest. */
  readonly #next = new Uint8Array(MAGNITUDES * COPIES);
  /** Where in its round a magnitude is. */
  readonly #messages = new Uint8Array(MAGNITUDES);

  /** The route that the next message is to take. Copies in and out go on at the same time. */
  choose(byteLength: number): Route {
    const magnitude = magnitudeOf(byteLength);
    const region = Math.max(this.#pace(magnitude, Copy.In), this.#pace(magnitude, Copy.Out));
    const isRegionQuicker = region <= this.#pace(magnitude, Copy.Direct);
    const message = this.#messages[magnitude]!;
    this.#messages[magnitude] = (message + 1) % ROUND;
    const isTrial = message >= ROUND - TRIALS;
    return isRegionQuicker === isTrial ? Route.Direct : Route.Region;
  }

  /** A message has come directly in so many milliseconds. */
  tookDirect(byteLength: number, ms: number): void {
    this.#measured(byteLength, Copy.Direct, ms);
  }

  /** A message has come through the region, copied in and out in so many milliseconds. */
  tookRegion(byteLength: number, inMs: number, outMs: number): void {
    this.#measured(byteLength, Copy.In, inMs);
    this.#measured(byteLength, Copy.Out, outMs);
  }

  #measured(byteLength: number, copy: Copy, ms: number): void {
    const of = magnitudeOf(byteLength) * COPIES + copy;
    const next = this.#next[of]!;
    this.#paces[of * MEASUREMENTS + next] = ms / byteLength;
    this.#next[of] = (next + 1) % MEASUREMENTS;
  }

  #pace(magnitude: number, copy: Copy): number {
    const first = (magnitude * COPIES + copy) * MEASUREMENTS;
    let best = Infinity;
    for (let i = first; i < first + MEASUREMENTS; i++) if (this.#paces[i]! < best) best = this.#paces[i]!;
    return best;
  }
}

/** A bit for lengths of the same magnitude. */
export const bitOf = (byteLength: number): number => 1 << magnitudeOf(byteLength);

function magnitudeOf(byteLength: number): number {
  const magnitude = 31 - Math.clz32(Math.min(byteLength, 2 ** MOST_MAGNITUDE));
  return Math.max(magnitude, LEAST_MAGNITUDE) - LEAST_MAGNITUDE;
}
