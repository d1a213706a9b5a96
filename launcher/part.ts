import {
  formatRegion,
  HEADER_EPOCH,
  planRegion,
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

/** Where a rank lives: a client of the server, and which doorbell of it is the rank's. */
interface Home {
  client: number;
  slot: number;
}

/** A part of the shared memory, laid out for the ranks of one job: keeps the table that says where each rank lives and whether it has ended. */
export class Part {
  readonly plan: RegionPlan;
  readonly #words: Int32Array;
  readonly #ring: (client: number, slot: number) => void;
  readonly #onEnded: (rank: number) => void;
  readonly #homes = new Map<number, Home>();
  readonly #ended = new Set<number>();

  /**
   * @param ring rings a doorbell
   * @param onEnded called when a rank has ended, in the order of ending
   * @throws ZivmError `ERR_ZIVM_NO_SPACE`
   */
  constructor(words: Int32Array, rankCount: number, ring: (client: number, slot: number) => void, onEnded: (rank: number) => void) {
    this.#words = words;
    this.#ring = ring;
    this.#onEnded = onEnded;
    this.plan = planRegion(words.byteLength, rankCount);
    formatRegion(words, this.plan);
  }

  /** Enters a rank into the table; all are entered before any rank looks at it. */
  assign(rank: number, client: number, slot: number): void {
    this.#homes.set(rank, { client, slot });
    this.#words[rankWord(rank) + RANK_PEER] = client;
    this.#words[rankWord(rank) + RANK_SLOT] = slot;
  }

  /** What a rank says of itself. */
  phase(rank: number): RankPhase {
    return Atomics.load(this.#words, rankWord(rank) + RANK_PHASE);
  }

  /** The connection of a client has closed: its ranks have ended. */
  clientLeft(client: number): void {
    for (const [rank, home] of this.#homes) if (home.client === client) this.end(rank);
  }

  /** Marks a rank as ended in the table, and wakes everyone who sleeps so that nobody waits for it. */
  end(rank: number): void {
    if (this.#ended.has(rank)) return;
    this.#ended.add(rank);
    const state = this.phase(rank) === RankPhase.Finished ? RankState.Finished : RankState.Dead;
    Atomics.store(this.#words, rankWord(rank) + RANK_STATE, state);
    // SYNC POINT with Engine.prepareSleep: epoch first, then a look at who is armed.
    Atomics.add(this.#words, HEADER_EPOCH, 1);
    for (const [other, { client, slot }] of this.#homes) {
      if (Atomics.load(this.#words, rankWord(other) + RANK_ARMED) !== 0) this.#ring(client, slot);
    }
    this.#onEnded(rank);
  }
}
