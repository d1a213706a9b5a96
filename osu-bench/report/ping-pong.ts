import { Comm } from '../../src/index';

/*
 * A bare loop of blocking calls between two ranks, as anybody would write it first, without the harness. It runs
 * several times for each size, and only the last time counts: V8 compiles during the ones before. `ping-pong.c` is the
 * same in C.
 */
const SIZES = [8, 64, 512, 4096];
const ROUND_TRIPS = 50_000;
const PASSES = 16;
const { rank } = Comm.world;

for (const bytes of SIZES) {
  let us = 0;
  for (let pass = 0; pass < PASSES; pass++) us = pingPong(Comm.world, bytes);
  if (rank === 0) console.log(`${bytes} ${us.toFixed(3)}`);
}

/** @returns half the time of a round trip, in microseconds */
function pingPong(comm: Comm, bytes: number): number {
  const message = new Uint8Array(bytes);
  comm.barrier();
  const start = performance.now();
  for (let i = 0; i < ROUND_TRIPS; i++) {
    if (rank === 0) {
      comm.send(message, 1);
      comm.recv(message, 1);
    } else {
      comm.recv(message, 0);
      comm.send(message, 0);
    }
  }
  return ((performance.now() - start) * 1e3) / (2 * ROUND_TRIPS);
}
