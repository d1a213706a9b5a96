import { Comm } from '../src/index';
import { runBenchmark } from './harness';
import { latencyColumns, overRanks } from './over-ranks';
import { pingPong } from './pairs';

/** Ping-pong of many pairs at once: half the time of a round trip, mean over the pairs. */
runBenchmark(Comm.world, {
  name: 'osu_multi_lat',
  title: 'MPI Multi Latency Test',
  ranks: 'even',
  sizes: [1, 4 << 20],
  iterations: { small: [10000, 100], large: [1000, 10] },
  columns: latencyColumns,
  run: (comm, trial) => overRanks(comm, pingPong(comm, trial), trial.options),
});
