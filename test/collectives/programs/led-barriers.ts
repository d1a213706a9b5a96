import assert from 'node:assert/strict';
import { throwsCode } from '../../comm/e2e/programs/support/errors';
import { join } from '../../comm/e2e/programs/support/job';
import { pause } from './support/pause';

/* Two or three ranks that share a core, so that the root of a short broadcast leaves the barrier after it first: what may go wrong with it. */

const ROUNDS = 5;
const TAG = 5;
const LONG = 100_000;
/** Long enough that the root waits for the others. */
const LATE_MS = 100;

const comm = join();
const { rank, size } = comm;

function goesOn(): void {
  comm.barrier();
  for (let root = 0; root < size; root++) {
    const word = Int32Array.of(rank === root ? 7 * root + 1 : 0);
    comm.bcast(word, root);
    assert.equal(word[0], 7 * root + 1);
    comm.barrier();
  }
}

/** Ranks that do not agree on the root leave the barrier all the same. */
function wrongRoots(): void {
  for (let round = 0; round < ROUNDS; round++) {
    throwsCode(() => comm.bcast(new Int32Array(2), (rank + 1) % size), 'ERR_ZIVM_TRUNCATE');
    goesOn();
    comm.bcast(new Int32Array(2), rank);
    goesOn();
    comm.bcast(new Int32Array(2), rank === size - 1 ? rank : 0);
    goesOn();
  }
}

/** A receive of the root fails while it waits in the barrier, for its buffer has gone: it is told, and the others leave. */
function failingRoot(): void {
  if (rank === 0) {
    comm.recvObject(1, TAG + 1);
    const buf = new Uint8Array(LONG);
    comm.irecv(buf, 1, TAG);
    structuredClone(buf.buffer, { transfer: [buf.buffer] });
    comm.bcast(new Int32Array(2), 0);
    throwsCode(() => comm.barrier(), 'ERR_ZIVM_TYPE');
    // Before the event loop meets the same failure.
    process.exit();
  }
  const sent = rank === 1 ? comm.isend(new Uint8Array(LONG), 0, TAG) : undefined;
  if (rank === 1) comm.sendObject('it is announced', 0, TAG + 1);
  comm.bcast(new Int32Array(2), 0);
  sent?.wait();
  pause(LATE_MS);
  comm.barrier();
}

const PARTS: Record<string, () => void> = { wrongRoots, failingRoot };
PARTS[process.argv[2]!]!();
