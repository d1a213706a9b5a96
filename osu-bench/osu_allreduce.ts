import { Comm, Op } from '../src/index';
import { runBenchmark } from './harness';

/** The time of one allreduce, with a barrier after each: mean per rank, then over the ranks. */
runBenchmark(Comm.world, {
  name: 'osu_allreduce',
  title: 'MPI Allreduce Latency Test',
  sizes: [4, 1 << 20],
  iterations: { small: [1000, 100], large: [100, 10] },
  columns: ({ full }) => (full ? ['Avg Latency(us)', 'Min Latency(us)', 'Max Latency(us)'] : ['Avg Latency(us)']),
  run(comm, bytes, iterations, warmup, options) {
    const send = new Float32Array(bytes / Float32Array.BYTES_PER_ELEMENT).fill(1);
    const recv = new Float32Array(send.length);
    let elapsedMs = 0;
    for (let i = 0; i < warmup + iterations; i++) {
      const start = performance.now();
      comm.allreduce(send, recv, Op.SUM);
      if (i >= warmup) elapsedMs += performance.now() - start;
      comm.barrier();
    }
    if (options.validate && recv.some((sum) => sum !== comm.size)) throw new Error(`osu_allreduce: a sum is not ${comm.size}`);
    const meanUs = (elapsedMs * 1e3) / iterations;
    const average = comm.allreduce(meanUs, Op.SUM) / comm.size;
    if (!options.full) return [average];
    return [average, comm.allreduce(meanUs, Op.MIN), comm.allreduce(meanUs, Op.MAX)];
  },
});
