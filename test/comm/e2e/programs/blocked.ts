import assert from 'node:assert/strict';
import { join, run, sleep } from './support/job';

/* Two ranks: a rank that is blocked, or awaits, uses next to no processor time. */

const WAIT_MS = 1500;
const MOST_OF_WALL_TIME = 0.2;

const comm = join();

async function usedWhile(action: () => unknown): Promise<void> {
  const cpu = process.cpuUsage();
  const before = performance.now();
  await action();
  const wallMs = performance.now() - before;
  const { user, system } = process.cpuUsage(cpu);
  const cpuMs = (user + system) / 1000;
  assert.ok(cpuMs < wallMs * MOST_OF_WALL_TIME, `${cpuMs} ms of processor time in ${wallMs} ms of waiting`);
}

run(async () => {
  const buf = new Uint8Array(1);
  comm.barrier();
  if (comm.rank === 0) {
    await usedWhile(() => comm.recv(buf, 1, 1));
    await usedWhile(() => comm.irecv(buf, 1, 2));
    await usedWhile(() => comm.probe(1, 3));
    await usedWhile(() => comm.ssend(buf, 1, 4));
  } else {
    for (const tag of [1, 2, 3]) {
      await sleep(WAIT_MS);
      comm.send(buf, 0, tag);
    }
    await sleep(WAIT_MS);
    comm.recv(buf, 0, 4);
  }
});
