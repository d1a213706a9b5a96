import { Status } from './status';

/** The members of a communicator, as far as messages are concerned: its ranks as ranks of the world, and back. */
export class Members {
  /** World rank of each rank. */
  readonly worldRanks: readonly number[];
  private readonly ranks: Int32Array;

  constructor(worldRanks: readonly number[], worldSize: number) {
    this.worldRanks = worldRanks;
    this.ranks = new Int32Array(worldSize).fill(-1);
    worldRanks.forEach((world, rank) => (this.ranks[world] = rank));
  }

  /** Rank in this communicator of a rank of the world; a special value such as PROC_NULL stays as it is. */
  rankOf(worldRank: number): number {
    return worldRank < 0 ? worldRank : this.ranks[worldRank]!;
  }

  /** The status of a message from or to a rank of the world. */
  statusOf(worldRank: number, tag: number, byteLength: number): Status {
    return Status.of(this.rankOf(worldRank), tag, byteLength, false);
  }
}
