import type { Region } from '../region/region';
import type { RegionPlan } from '../ring/layout';

/** The job that this process belongs to: who it is, and the memory that it shares with the others. */
export interface Job {
  /** World rank. */
  readonly rank: number;
  /** Number of ranks. */
  readonly size: number;
  readonly region: Region;
  /** The job's part of the region as 32-bit words. */
  readonly words: Int32Array;
  readonly plan: RegionPlan;
  /** Ranks that share the cores of this one. */
  readonly ranksHere: number;
  /** Cores that this rank and those may use. */
  readonly coresHere: number;
  /** Whether those ranks get a core that this one gives away: a virtual machine keeps it, unless the rank blocks. */
  readonly canYield: boolean;
  /** Whether virtual machines see the region: then nothing in it is to lead to a write outside of it. */
  readonly hasGuests: boolean;
}
