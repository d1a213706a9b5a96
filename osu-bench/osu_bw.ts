import { Comm } from '../src/index';
import { runBenchmark } from './harness';
import { streamOver } from './link';
import { stream } from './pairs';

/** A window of messages one way, then a short answer: bytes moved per second. */
runBenchmark(Comm.world, {
  name: 'osu_bw',
  title: 'MPI Bandwidth Test',
  ranks: 2,
  sizes: [1, 4 << 20],
  iterations: { small: [100, 10], large: [20, 2] },
  columns: () => ['Bandwidth (MB/s)'],
  run: (comm, trial) => [(trial.bytes * trial.iterations * trial.options.window) / stream(comm, trial)],
  runTcp: (link, rank, trial) => streamOver(link, rank === 0, trial, trial.options.window),
});
