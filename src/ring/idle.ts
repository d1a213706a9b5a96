/** What a rank that waits does next. */
export const enum Idle {
  /** Look again at once. */
  Spin,
  /** Let other processes have the core until there seems to be something, then look again. */
  Yield,
  /** Block until the doorbell rings. */
  Sleep,
}

/**
 * Looks in vain that take about a millisecond together. A sleep and a wake-up cost a tenth of that, but fall into the
 * middle of a long message when a rank sleeps sooner: moving 4 MiB takes about as long.
 */
const SPINS = 15_000;

/** Looks at one word in a row, as fast as it goes: about as long as a message needs from one core to another. */
export const SPIN_LOOKS = 32;

/** With more ranks than cores the rank that is waited for may need this very core: look once, then let it have it. */
const CROWDED_SPINS = 1;
const CROWDED_YIELDS = 100;

/** How long a waiting rank spins before it sleeps, given how many ranks share how many cores. */
export class IdlePolicy {
  /** More ranks than cores. */
  readonly isCrowded: boolean;
  private readonly spins: number;
  /** How often a yielding rank gives the core away before it sleeps. */
  readonly yields: number;

  /**
   * @param ranks ranks that share the cores
   * @param cores cores that they share
   * @param canYield whether the others get a core that is given away
   */
  constructor(ranks: number, cores: number, canYield = true) {
    this.isCrowded = ranks > cores;
    this.spins = this.isCrowded ? CROWDED_SPINS : SPINS;
    this.yields = this.isCrowded && canYield ? CROWDED_YIELDS : 0;
  }

  /** @param looks how often the rank has looked in vain since something last happened */
  next(looks: number): Idle {
    if (looks <= this.spins) return Idle.Spin;
    return looks === this.spins + 1 && this.yields > 0 ? Idle.Yield : Idle.Sleep;
  }
}
