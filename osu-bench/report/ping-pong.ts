import { Comm } from '../../src/index';
import { Flag } from '../flag';

/*
 * A bare loop of blocking calls between two ranks, as anybody would write it first, without the harness. It runs
 * several times for each size, and only the last ones count, as many as the command line says: V8 compiles during the ones before. `ping-pong.c` is the
 * same in C.
 */
const SIZES = [8, 64, 512, 4096];
const ROUND_TRIPS = 50_000;
const WARM_UPS = 12;
const passes = Number(process.argv[2]);
const comm = Comm.world;
const { rank } = comm;
const flag = new Flag(comm);

for (const bytes of SIZES) {
  for (let pass = 0; pass < WARM_UPS; pass++) {
    flag.ns();
    pingPong(bytes);
  }
  const lines = Array.from({ length: passes }, () => {
    const before = flag.ns();
    const us = pingPong(bytes);
    return `${bytes} ${us.toFixed(3)}\n# flag ${before.toFixed()} ${flag.ns().toFixed()} ns`;
  });
  if (rank === 0) console.log(lines.join('\n'));
}

/** @returns half the time of a round trip, in microseconds */
function pingPong(bytes: number): number {
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
