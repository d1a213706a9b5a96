import assert from 'node:assert/strict';
import { join } from './support/job';
import { Random } from './support/random';

/* Two ranks: 1 GiB in one message, checked at its ends, around every 64 MiB and in random places. */

const BYTES = 2 ** 30;
const STEP = 2 ** 26;
const SENTINEL = 0xa5;

const comm = join();
const random = new Random(7);
const places = new Map<number, number>([
  [0, 1],
  [1, 2],
  [BYTES - 1, 3],
]);
for (let at = STEP; at < BYTES; at += STEP) {
  places.set(at - 1, 1 + random.below(255));
  places.set(at, 1 + random.below(255));
}
for (let i = 0; i < 5000; i++) places.set(random.below(BYTES), 1 + random.below(255));

if (comm.rank === 0) {
  const data = new Uint8Array(BYTES);
  for (const [at, value] of places) data[at] = value;
  comm.send(data, 1, 3);
} else {
  const data = new Uint8Array(BYTES + 1);
  data[BYTES] = SENTINEL;
  const status = comm.recv(data, 0, 3);
  assert.equal(status.byteLength, BYTES);
  assert.equal(status.count(Float64Array), BYTES / 8);
  for (const [at, value] of places) assert.equal(data[at], value, `byte ${at}`);
  assert.equal(data[BYTES], SENTINEL);
}
