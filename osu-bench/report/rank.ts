import { readFileSync } from 'node:fs';
import { Comm } from '../../src/index';

/*
 * A rank of the measurements that are not of time: `memory` prints its proportional set size in MB, averaged over the
 * ranks, each of which has exchanged messages with all others; `idle` what a blocked rank uses of a core, in percent.
 */
const [, , what] = process.argv;
const comm = Comm.world;
const pause = (ms: number): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
const IDLE_MS = 3000;
const SETTLE_MS = 500;

if (what === 'memory') {
  const data = new Uint8Array(1024);
  for (let other = 0; other < comm.size; other++) if (other !== comm.rank) comm.isend(data, other);
  for (let other = 0; other < comm.size; other++) if (other !== comm.rank) comm.recv(data, other);
  comm.barrier();
  const [, kB] = /^Pss:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'))!;
  const sum = comm.allreduce(Number(kB) / 1e3);
  if (comm.rank === 0) console.log(`${comm.size} ${(sum / comm.size).toFixed(2)}`);
} else if (what === 'idle') {
  comm.barrier();
  if (comm.rank === 0) {
    pause(SETTLE_MS + IDLE_MS);
    comm.send(new Uint8Array(1), 1);
    console.log(`2 ${comm.recvObject<number>(1).toFixed(2)}`);
  } else {
    const before = process.cpuUsage();
    comm.recv(new Uint8Array(1), 0);
    const { user, system } = process.cpuUsage(before);
    comm.sendObject((user + system) / 10 / (SETTLE_MS + IDLE_MS), 0);
  }
} else {
  comm.barrier();
}
