// Rank 1 blocks in a receive while rank 0 pauses: it must not use the processor, and an interrupt must wake it.
import { readFileSync } from 'node:fs';
import { Comm } from 'zivm';
const PAUSE_MS = 6000;
const ROUNDS = 3;
const comm = Comm.world;
const buf = new Int32Array(1);
const pause = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
const interrupts = () =>
  readFileSync('/proc/interrupts', 'utf8')
    .split('\n')
    .filter((line) => line.includes('vfio'))
    .reduce((sum, line) => sum + line.trim().split(/\s+/).slice(1).filter((word) => /^\d+$/.test(word)).reduce((a, b) => a + Number(b), 0), 0);
comm.barrier();
for (let round = 0; round < ROUNDS; round++) {
  if (comm.rank === 0) {
    pause(PAUSE_MS);
    buf[0] = round;
    comm.send(buf, 1);
  } else {
    const before = { interrupts: interrupts(), cpu: process.cpuUsage() };
    comm.recv(buf, 0);
    const { user, system } = process.cpuUsage(before.cpu);
    console.log(`round ${buf[0]}: ${interrupts() - before.interrupts} interrupts, busy ${((user + system) / PAUSE_MS / 10).toFixed(0)} %`);
  }
}
comm.barrier();
