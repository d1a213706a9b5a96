import { Comm } from '../src/index';
import { filled } from './buffers';
import { runBenchmark } from './harness';
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
  async runTcp(link, rank, { bytes, iterations, warmup }) {
    const send = filled(bytes);
    let start = 0;
    for (let i = 0; i < warmup + iterations; i++) {
      if (i === warmup) start = performance.now();
      if (rank === 0) link.send(send);
      await link.receive(bytes);
      if (rank === 1) link.send(send);
    }
    return ((performance.now() - start) * 1e3) / (2 * iterations);
  },
});
