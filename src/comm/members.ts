import { NOTHING, Status } from './status';

/** The members of a communicator, as far as messages are concerned: its ranks as ranks of the world, and back. */
export class Members {
  /** World rank of each rank. */
  readonly worldRanks: readonly number[];
  private readonly ranks: Int32Array;
  /** The status given last for each rank of the world. */
  private readonly statuses: Status[];

  constructor(worldRanks: readonly number[], worldSize: number) {
    this.worldRanks = worldRanks;
    this.ranks = new Int32Array(worldSize).fill(-1);
    this.statuses = new Array<Status>(worldSize).fill(NOTHING);
    worldRanks.forEach((world, rank) => (this.ranks[world] = rank));
  }

  /** Rank in this communicator of a rank of the world; a special value such as PROC_NULL stays as it is. */
  rankOf(worldRank: number): number {
    return worldRank < 0 ? worldRank : this.ranks[worldRank]!;
  }

  /** The status of a message from or to a rank of the world. Most are like the one before, which is quickly seen. */
  statusOf(worldRank: number, tag: number, byteLength: number): Status {
    const last = this.statuses[worldRank]!;
    if (last.tag === tag && last.byteLength === byteLength) return last;
    return (this.statuses[worldRank] = Status.of(this.rankOf(worldRank), tag, byteLength, false));
  }
}
