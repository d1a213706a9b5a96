// Rank 0 sends 8 MiB while rank 1 calls nothing of zivm, and says how much of it has left.
import { existsSync, writeFileSync } from 'node:fs';
import { Comm, Request } from 'zivm';
const MESSAGES = 256;
const comm = Comm.world;
const [, , marker] = process.argv;
const data = new Uint8Array(32 * 1024).fill(7);
comm.barrier();
if (comm.rank === 0) {
  const sends = Array.from({ length: MESSAGES }, () => comm.isend(data, 1));
  console.log(`${sends.filter((send) => send.done).length} of ${MESSAGES} have left`);
  writeFileSync(marker, '');
  Request.waitAll(sends);
} else {
  while (!existsSync(marker)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  for (let i = 0; i < MESSAGES; i++) {
    const received = new Uint8Array(data.length);
    comm.recv(received, 0);
    if (!received.every((byte) => byte === 7)) throw new Error(`message ${i} is not what was sent`);
  }
}
