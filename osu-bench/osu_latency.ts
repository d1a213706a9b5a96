import { Comm } from '../src/index';
import { runBenchmark } from './harness';
import { pingPongOver } from './link';
import { pingPong } from './pairs';

/** Ping-pong with blocking calls: half the time of a round trip. */
runBenchmark(Comm.world, {
  name: 'osu_latency',
  title: 'MPI Latency Test',
  ranks: 2,
  sizes: [1, 4 << 20],
  iterations: { small: [10000, 100], large: [1000, 10] },
  columns: () => ['Avg Latency(us)'],
  run: (comm, trial) => [pingPong(comm, trial)],
  runTcp: (link, rank, trial) => pingPongOver(link, rank === 0, trial),
});
