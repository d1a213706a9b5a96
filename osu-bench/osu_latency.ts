import { Comm } from '../src/index';
import { filled, runBenchmark, validate } from './harness';

/** Ping-pong with blocking calls: half the time of a round trip. */
const TAG = 1;

runBenchmark(Comm.world, {
  name: 'osu_latency',
  title: 'MPI Latency Test',
  ranks: 2,
  sizes: [1, 4 << 20],
  iterations: { small: [10000, 100], large: [1000, 10] },
  columns: () => ['Avg Latency(us)'],
  run(comm, bytes, iterations, warmup, options) {
    const send = filled(bytes);
    const recv = new Uint8Array(bytes);
    let start = 0;
    for (let i = 0; i < warmup + iterations; i++) {
      if (i === warmup) start = performance.now();
      if (comm.rank === 0) {
        comm.send(send, 1, TAG);
        comm.recv(recv, 1, TAG);
      } else {
        comm.recv(recv, 0, TAG);
        comm.send(send, 0, TAG);
      }
    }
    const elapsedUs = (performance.now() - start) * 1e3;
    if (options.validate) validate(recv, 'osu_latency');
    return [elapsedUs / (2 * iterations)];
  },
  async runTcp(link, rank, bytes, iterations, warmup) {
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
