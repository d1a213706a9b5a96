import assert from 'node:assert/strict';
import { Request } from 'zivm';
import { join } from './support/job';

/*
 * Two ranks. Rank 0 waits for a signal, and for no message: what it has started is completed meanwhile. More messages come than fit into a ring, and a
 * long one that has to be asked for; when all have left rank 1 gives the signal.
 */

const WATCHDOG_MS = 20_000;
const COUNT = 3000;
const BYTES = 32 * 1024;
const LONG_BYTES = 3_000_000;

const comm = join();

if (comm.rank === 0) {
  const short = Array.from({ length: COUNT }, () => new Uint8Array(BYTES));
  const long = new Uint8Array(LONG_BYTES);
  const requests = [...short.map((buf) => comm.irecv(buf, 1, 1)), comm.irecv(long, 1, 1)];
  const watchdog = setTimeout(() => {
    console.error('rank 1 still waits for this rank to take its messages');
    process.exit(1);
  }, WATCHDOG_MS);
  process.once('SIGUSR2', () => {
    clearTimeout(watchdog);
    assert.equal(Request.waitAll(requests).length, COUNT + 1);
    assert.deepEqual(
      short.map((buf) => buf[BYTES - 1]),
      short.map((_, i) => i % 256),
    );
    assert.equal(long[LONG_BYTES - 1], 7);
  });
  comm.send(Int32Array.of(process.pid), 1, 2);
} else {
  const pid = new Int32Array(1);
  comm.recv(pid, 0, 2);
  for (let i = 0; i < COUNT; i++) comm.send(new Uint8Array(BYTES).fill(i), 0, 1);
  comm.send(new Uint8Array(LONG_BYTES).fill(7), 0, 1);
  process.kill(pid[0]!, 'SIGUSR2');
}
