import { Comm, Request } from '../src/index';
import { filled, runBenchmark, validate } from './harness';

/** A window of messages one way, then a short answer: bytes moved per second. */
const TAG = 100;
const ACK_TAG = 101;

runBenchmark(Comm.world, {
  name: 'osu_bw',
  title: 'MPI Bandwidth Test',
  ranks: 2,
  sizes: [1, 4 << 20],
  iterations: { small: [100, 10], large: [20, 2] },
  columns: () => ['Bandwidth (MB/s)'],
  run(comm, bytes, iterations, warmup, options) {
    const isSender = comm.rank === 0;
    const data = isSender ? filled(bytes) : new Uint8Array(bytes);
    const ack = new Uint8Array(4);
    const requests: Request<unknown>[] = new Array<Request<unknown>>(options.window);
    let start = 0;
    for (let i = 0; i < warmup + iterations; i++) {
      if (i === warmup) start = performance.now();
      for (let j = 0; j < options.window; j++) {
        requests[j] = isSender ? comm.isend(data, 1, TAG) : comm.irecv(data, 0, TAG);
      }
      Request.waitAll(requests);
      if (isSender) comm.recv(ack, 1, ACK_TAG);
      else comm.send(ack, 0, ACK_TAG);
    }
    const elapsedUs = (performance.now() - start) * 1e3;
    if (options.validate && !isSender) validate(data, 'osu_bw');
    return [(bytes * iterations * options.window) / elapsedUs];
  },
  async runTcp(link, rank, bytes, iterations, warmup, { window }) {
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
