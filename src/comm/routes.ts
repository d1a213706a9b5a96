/** How the payload of a long message comes from another process of this kernel. */
export const enum Route {
  /** The kernel copies it, from memory to memory. */
  Direct,
  /** In pieces, through the ring: the sender copies them in, and the receiver copies them out. */
  Region,
}

/** What is measured: the one copy; and of the two the sender's, and what the receiver says of its own: how long that takes, or all since it asked. */
const enum Copy {
  Direct,
  In,
  Out,
}
const COPIES = 3;

/** So many make a route known: before that it is tried. */
const MEASUREMENTS = 8;

/**
 * How far a measurement moves what is known: a quick one far, a slow one little, for much can interrupt a rank. One that took more than twice as
 * long as the others counts as twice as long.
 */
const WEIGHT_OF_QUICK = 1 / 2;
const WEIGHT_OF_SLOW = 1 / 8;
const MOST_TIMES = 2;

/** The sender waits for the kernel's copy, and for the answer after it, which is not measured and takes about as many milliseconds. */
const ANSWER_MS = 0.001;

/** Lengths are told apart by their binary order of magnitude, from 32 KiB to 4 MiB. */
const LEAST_MAGNITUDE = 15;
const MOST_MAGNITUDE = 22;
const MAGNITUDES = MOST_MAGNITUDE - LEAST_MAGNITUDE + 1;

/**
 * After so many messages the slower route is tried again, with some messages: through the region the first ones find
 * nothing in the caches, where the ring is not long. Each time that it is still the slower one the next trial is twice as far away, up to a limit.
 */
const FIRST_ROUND = 256;
const LONGEST_ROUND = 4096;
const TRIALS = 16;

/**
 * Which route is the quicker one from a sender. Two cores that share a cache move data through the region in half of the time that the
 * kernel takes, other cores in twice the time, and a host moves the cores of its machines: so it is measured all along.
 */
export class Routes {
  /** Milliseconds per byte. */
  private readonly paces = new Float64Array(MAGNITUDES * COPIES);
  /** How many measurements there were, up to MEASUREMENTS. */
  private readonly counts = new Uint8Array(MAGNITUDES * COPIES);
  /** Where in its round a magnitude is, and how long the round is. */
  private readonly messages = new Uint16Array(MAGNITUDES);
  private readonly rounds = new Uint16Array(MAGNITUDES).fill(FIRST_ROUND);
  /** The quicker route, as far as it is known. */
  private readonly quicker = new Uint8Array(MAGNITUDES).fill(Route.Region);

  /** The route that the next message is to take. Copies in and out go on at the same time. */
  choose(byteLength: number): Route {
    const magnitude = magnitudeOf(byteLength);
    const region = Math.max(this.pace(magnitude, Copy.In), this.pace(magnitude, Copy.Out));
    const quicker = region <= this.pace(magnitude, Copy.Direct) + ANSWER_MS / byteLength ? Route.Region : Route.Direct;
    const isTrial = this.nextIsTrial(magnitude, quicker);
    if (!isTrial) return quicker;
    return quicker === Route.Region ? Route.Direct : Route.Region;
  }

  /** Goes on by one message in the magnitude's round, or begins a first one when another route has become the quicker one. @returns whether this message is to try the slower route */
  private nextIsTrial(magnitude: number, quicker: Route): boolean {
    if (this.quicker[magnitude] !== quicker) {
      this.quicker[magnitude] = quicker;
      this.rounds[magnitude] = FIRST_ROUND;
      this.messages[magnitude] = 0;
    }
    const message = this.messages[magnitude]!;
    const round = this.rounds[magnitude]!;
    if (message + 1 < round) {
      this.messages[magnitude] = message + 1;
    } else {
      this.messages[magnitude] = 0;
      this.rounds[magnitude] = Math.min(2 * round, LONGEST_ROUND);
    }
    return message >= round - TRIALS;
  }

  /** A message has come directly in so many milliseconds. */
  tookDirect(byteLength: number, ms: number): void {
    this.measured(byteLength, Copy.Direct, ms);
  }

  /** A message has come through the region in so many milliseconds of the sender's and of the receiver's. */
  tookRegion(byteLength: number, inMs: number, outMs: number): void {
    this.measured(byteLength, Copy.In, inMs);
    this.measured(byteLength, Copy.Out, outMs);
  }

  private measured(byteLength: number, copy: Copy, ms: number): void {
    const of = magnitudeOf(byteLength) * COPIES + copy;
    const known = this.paces[of]!;
    const pace = ms / byteLength;
    const count = this.counts[of]!;
    if (count < MEASUREMENTS) this.counts[of] = count + 1;
    if (count === 0) this.paces[of] = pace;
    else if (pace < known) this.paces[of] = known + (pace - known) * WEIGHT_OF_QUICK;
    else this.paces[of] = known + (Math.min(pace, known * MOST_TIMES) - known) * WEIGHT_OF_SLOW;
  }

  /** 0 before it is known, so that the region is tried first, and then the other route. */
  private pace(magnitude: number, copy: Copy): number {
    const of = magnitude * COPIES + copy;
    return this.counts[of]! < MEASUREMENTS ? 0 : this.paces[of]!;
  }
}

/** A bit for lengths of the same magnitude. */
export const bitOf = (byteLength: number): number => 1 << magnitudeOf(byteLength);

function magnitudeOf(byteLength: number): number {
  const magnitude = 31 - Math.clz32(Math.min(byteLength, 2 ** MOST_MAGNITUDE));
  return Math.max(magnitude, LEAST_MAGNITUDE) - LEAST_MAGNITUDE;
}
