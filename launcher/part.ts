import {
  formatRegion,
  HEADER_EPOCH,
  RANK_ARMED,
  RANK_PEER,
  RANK_PHASE,
  RANK_SLOT,
  RANK_STATE,
  RankPhase,
  RankState,
  type RegionPlan,
  rankWord,
} from '../src/ring/layout';

/** Rings a doorbell of a client of the server; one that has left hears nothing. */
export type Ring = (client: number, slot: number) => void;

/** Says in the rank table where a rank lives. */
export function enterRank(words: Int32Array, rank: number, client: number, slot: number): void {
  words[rankWord(rank) + RANK_PEER] = client;
  words[rankWord(rank) + RANK_SLOT] = slot;
}

/** What a rank says of itself. */
export function phaseOf(words: Int32Array, rank: number): RankPhase {
  return Atomics.load(words, rankWord(rank) + RANK_PHASE);
}

/** Marks a rank as ended in the rank table, and wakes everyone who sleeps so that nobody waits for it. */
export function markEnded(words: Int32Array, rank: number, rankCount: number, ring: Ring): void {
  const state = phaseOf(words, rank) === RankPhase.Finished ? RankState.Finished : RankState.Dead;
  Atomics.store(words, rankWord(rank) + RANK_STATE, state);
  // SYNC POINT with Progress.prepareSleep: epoch first, then a look at who is armed.
  Atomics.add(words, HEADER_EPOCH, 1);
  for (let other = 0; other < rankCount; other++) {
    const entry = rankWord(other);
    if (Atomics.load(words, entry + RANK_ARMED) !== 0) ring(words[entry + RANK_PEER]!, words[entry + RANK_SLOT]!);
  }
}

/** A part of the shared memory, laid out for the ranks of one job: knows where each rank lives, and which have ended. */
export class Part {
  readonly plan: RegionPlan;
  readonly #words: Int32Array;
  readonly #ring: Ring;
  readonly #onEnded: (rank: number) => void;
  /** The client of the server that a rank is, or lives in. */
  readonly #clients = new Map<number, number>();
  readonly #ended = new Set<number>();

  /**
   * @param onEnded called when a rank has ended, in the order of ending
   */
  constructor(words: Int32Array, plan: RegionPlan, ring: Ring, onEnded: (rank: number) => void) {
    this.#words = words;
    this.#ring = ring;
    this.#onEnded = onEnded;
    this.plan = plan;
    formatRegion(words, plan);
  }

  /** Enters a rank into the table; all are entered before any rank looks at it. */
  assign(rank: number, client: number, slot: number): void {
    this.#clients.set(rank, client);
    enterRank(this.#words, rank, client, slot);
  }

  phase(rank: number): RankPhase {
    return phaseOf(this.#words, rank);
  }

  /** The connection of a client has closed: its ranks have ended. */
  clientLeft(client: number): void {
    for (const [rank, home] of this.#clients) if (home === client) this.end(rank);
  }

  end(rank: number): void {
    if (this.#ended.has(rank)) return;
    this.#ended.add(rank);
    markEnded(this.#words, rank, this.plan.rankCount, this.#ring);
    this.#onEnded(rank);
  }
}
