import type { Comm } from '../src/index';
import type { Datatype } from './buffers';
import { clockUs } from './clock';
import { runBenchmark } from './harness';
import { latencyColumns, overRanks } from './over-ranks';

/** What a collective benchmark times. */
export interface Collective {
  /** Name of the program. */
  name: string;
  /** Line that says what is measured. */
  title: string;
  /** Smallest and largest size in bytes, if there are sizes. */
  sizes?: [number, number];
  /** MPI_CHAR unless given. */
  datatype?: Datatype;
  /** Makes the buffers of one size. @returns the call that is timed, and the check of what it has left behind */
  prepare: (comm: Comm, bytes: number) => { call: () => void; check?: () => void };
}

/**
 * The time of one call, with a barrier after each, so that no rank is ahead of the others by more than one: mean per
 * rank, then over the ranks.
 */
export function runCollective(comm: Comm, { prepare, ...collective }: Collective): void {
  runBenchmark(comm, {
    ...collective,
    iterations: { small: [1000, 100], large: [100, 10] },
    columns: latencyColumns,
    run(_, { bytes, iterations, warmup, options }) {
      const { call, check } = prepare(comm, bytes);
      let elapsedUs = 0;
      for (let i = 0; i < warmup + iterations; i++) {
        const start = clockUs();
        call();
        if (i >= warmup) elapsedUs += clockUs() - start;
        comm.barrier();
      }
      if (options.validate) check?.();
      return overRanks(comm, elapsedUs / iterations, options);
    },
  });
}
