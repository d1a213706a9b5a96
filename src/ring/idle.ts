/** What a rank that waits does next. */
export const enum Idle {
  /** Look again at once. */
  Spin,
  /** Let another runnable process have the core, then look again. */
  Yield,
  /** Block until the doorbell rings. */
  Sleep,
}

/** Looks in vain that take about 100 us together: roughly what a sleep and a wake-up cost. */
const SPINS = 1500;
/** With more ranks than cores the rank that is waited for may need this very core. */
const CROWDED_SPINS = 1;
const CROWDED_YIELDS = 50;

/** How long a waiting rank spins before it sleeps, given how many ranks share how many cores. */
export class IdlePolicy {
  readonly #spins: number;
  readonly #yields: number;

  /** @param crowded whether more ranks than cores run here */
  constructor(crowded: boolean) {
    this.#spins = crowded ? CROWDED_SPINS : SPINS;
    this.#yields = crowded ? CROWDED_YIELDS : 0;
  }

  /** @param looks how often the rank has looked in vain since something last happened */
  next(looks: number): Idle {
    if (looks <= this.#spins) return Idle.Spin;
    return looks <= this.#spins + this.#yields ? Idle.Yield : Idle.Sleep;
  }
}
