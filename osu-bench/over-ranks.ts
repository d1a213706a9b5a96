import { type Comm, Op } from '../src/index';
import type { BenchmarkOptions } from './options';

/** Headings of what `overRanks` returns. */
export function latencyColumns({ full }: BenchmarkOptions): string[] {
  return full ? ['Avg Latency(us)', 'Min Latency(us)', 'Max Latency(us)'] : ['Avg Latency(us)'];
}

/** The average of all ranks' means; with -f also that of the fastest and of the slowest rank. */
export function overRanks(comm: Comm, meanUs: number, { full }: BenchmarkOptions): number[] {
  const average = comm.allreduce(meanUs, Op.SUM) / comm.size;
  return full ? [average, comm.allreduce(meanUs, Op.MIN), comm.allreduce(meanUs, Op.MAX)] : [average];
}
