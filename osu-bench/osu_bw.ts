import { Comm } from '../src/index';
import { filled } from './buffers';
import { runBenchmark } from './harness';
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
  async runTcp(link, rank, { bytes, iterations, warmup, options: { window } }) {
    const data = filled(bytes);
    const ack = filled(4);
    let start = 0;
    for (let i = 0; i < warmup + iterations; i++) {
      if (i === warmup) start = performance.now();
      if (rank === 0) {
        for (let j = 0; j < window; j++) link.send(data);
        await link.receive(ack.length);
      } else {
        await link.receive(bytes * window);
        link.send(ack);
      }
    }
    return (bytes * iterations * window) / ((performance.now() - start) * 1e3);
  },
});
