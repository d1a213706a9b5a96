/** How the payload of a long message comes from another process of this kernel. */
export const enum Route {
  /** The kernel copies it, from memory to memory. */
  Direct,
  /** In pieces, through the ring: the sender copies one in while the receiver copies another out. */
  Region,
}
const ROUTES = 2;

/** Of each route the last two measurements count, the better one: a single slow one may be an interrupt. */
const MEASUREMENTS = 2;

/** Lengths are told apart by their binary order of magnitude, from 16 KiB to 4 MiB. */
const LEAST_MAGNITUDE = 14;
const MOST_MAGNITUDE = 22;
const MAGNITUDES = MOST_MAGNITUDE - LEAST_MAGNITUDE + 1;

/** So often the slower route is tried again. */
const TRIAL = 128;

/**
 * Which route is the quicker one from a sender. Two cores that share a cache move data through the region in half of the time that the
 * kernel takes, other cores in twice the time, and a host moves the cores of its machines: so it is measured all along.
 */
export class Routes {
  /** Milliseconds per byte; 0 before there are measurements, so that the route is taken. */
  readonly #paces = new Float64Array(MAGNITUDES * ROUTES * MEASUREMENTS);
  /** Messages since the last trial. */
  readonly #sinceTrial = new Uint8Array(MAGNITUDES);

  /** The route that the next message is to take. */
  choose(byteLength: number): Route {
    const magnitude = magnitudeOf(byteLength);
    const isRegionQuicker = this.#pace(magnitude, Route.Region) <= this.#pace(magnitude, Route.Direct);
    const isTrial = ++this.#sinceTrial[magnitude]! === TRIAL;
    if (isTrial) this.#sinceTrial[magnitude] = 0;
    return isRegionQuicker === isTrial ? Route.Direct : Route.Region;
  }

  /** A message has come by a route in so many milliseconds. */
  took(route: Route, byteLength: number, ms: number): void {
    const at = indexOf(magnitudeOf(byteLength), route);
    this.#paces[at + 1] = this.#paces[at]!;
    this.#paces[at] = ms / byteLength;
  }

  #pace(magnitude: number, route: Route): number {
    const at = indexOf(magnitude, route);
    return Math.min(this.#paces[at]!, this.#paces[at + 1]!);
  }
}

function magnitudeOf(byteLength: number): number {
  const magnitude = 31 - Math.clz32(Math.min(byteLength, 2 ** MOST_MAGNITUDE));
  return Math.max(magnitude, LEAST_MAGNITUDE) - LEAST_MAGNITUDE;
}

function indexOf(magnitude: number, route: Route): number {
  return (magnitude * ROUTES + route) * MEASUREMENTS;
}
