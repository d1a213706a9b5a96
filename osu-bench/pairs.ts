import { type Comm, Request } from '../src/index';
import { filled, validate, zeros } from './buffers';
import type { Trial } from './trial';

/*
 * What the benchmarks of pairs have in common: rank r of the first half of a communicator and rank r of its second half
 * are a pair. Two ranks are one pair.
 */

/** Tags of OSU: of a ping-pong, of a message in a window, of the answer to a window. */
const PING_TAG = 1;
const WINDOW_TAG = 100;
const ACK_TAG = 101;

function pairOf({ rank, size }: Comm): { isFirst: boolean; partner: number } {
  return { isFirst: rank < size / 2, partner: (rank + size / 2) % size };
}

/** Ping-pong of every pair with blocking calls. @returns half the time of a round trip, in microseconds */
export function pingPong(comm: Comm, { bytes, iterations, warmup, options }: Trial): number {
  const { isFirst, partner } = pairOf(comm);
  const send = filled(bytes);
  const recv = zeros(bytes);
  let start = 0;
  for (let i = 0; i < warmup + iterations; i++) {
    if (i === warmup) {
      comm.barrier();
      start = performance.now();
    }
    if (isFirst) {
      comm.send(send, partner, PING_TAG);
      comm.recv(recv, partner, PING_TAG);
    } else {
      comm.recv(recv, partner, PING_TAG);
      comm.send(send, partner, PING_TAG);
    }
  }
  const elapsedUs = (performance.now() - start) * 1e3;
  if (options.validate) validate(recv, 'recv');
  return elapsedUs / (2 * iterations);
}

/**
 * In every pair windows of messages one way, a short answer to each. @returns what all senders took, on average, in
 * microseconds
 */
export function stream(comm: Comm, { bytes, iterations, warmup, options }: Trial): number {
  const { isFirst, partner } = pairOf(comm);
  const data = isFirst ? filled(bytes) : zeros(bytes);
  const ack = new Uint8Array(4);
  const requests = new Array<Request<unknown>>(options.window);
  let start = 0;
  for (let i = 0; i < warmup + iterations; i++) {
    if (i === warmup) {
      comm.barrier();
      start = performance.now();
    }
    for (let j = 0; j < options.window; j++) {
      requests[j] = isFirst ? comm.isend(data, partner, WINDOW_TAG) : comm.irecv(data, partner, WINDOW_TAG);
    }
    Request.waitAll(requests);
    if (isFirst) comm.recv(ack, partner, ACK_TAG);
    else comm.send(ack, partner, ACK_TAG);
  }
  const elapsedUs = (performance.now() - start) * 1e3;
  if (options.validate && !isFirst) validate(data, 'irecv');
  return comm.allreduce(isFirst ? elapsedUs : 0) / (comm.size / 2);
}
