import { Comm, Request } from '../src/index';
import { filled, validate, zeros } from './buffers';
import { runBenchmark } from './harness';

/** A window of messages both ways at once: bytes moved per second, in both directions together. */
const TAG_FROM = [100, 10] as const;

runBenchmark(Comm.world, {
  name: 'osu_bibw',
  title: 'MPI Bi-Directional Bandwidth Test',
  ranks: 2,
  sizes: [1, 4 << 20],
  iterations: { small: [100, 10], large: [20, 2] },
  columns: () => ['Bandwidth (MB/s)'],
  run(comm, { bytes, iterations, warmup, options }) {
    const other = 1 - comm.rank;
    const [ownTag, otherTag] = [TAG_FROM[comm.rank]!, TAG_FROM[other]!];
    const send = filled(bytes);
    const recv = zeros(bytes);
    const sends = new Array<Request<unknown>>(options.window);
    const receives = new Array<Request<unknown>>(options.window);
    let start = 0;
    for (let i = 0; i < warmup + iterations; i++) {
      if (i === warmup) start = performance.now();
      for (let j = 0; j < options.window; j++) receives[j] = comm.irecv(recv, other, otherTag);
      for (let j = 0; j < options.window; j++) sends[j] = comm.isend(send, other, ownTag);
      Request.waitAll(sends);
      Request.waitAll(receives);
    }
    const elapsedUs = (performance.now() - start) * 1e3;
    if (options.validate) validate(recv, 'irecv');
    return [(2 * bytes * iterations * options.window) / elapsedUs];
  },
});
