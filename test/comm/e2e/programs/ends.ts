import assert from 'node:assert/strict';
import type { Request } from 'zivm';
import { guardedBytes, hasPattern, patterned } from './support/data';
import { rejectsCode, throwsCode } from './support/errors';
import { join, run, sleep } from './support/job';

/* Three ranks: rank 1 ends early, after it has sent; the others must get all of that, and errors after it. */

const MEBI = 2 ** 20;

const comm = join();
const { rank } = comm;

/** Sends that nobody waits for, and then the program is over. */
function endEarly(): void {
  comm.isend(patterned(10 * MEBI, 1), 0, 1);
  comm.isend(patterned(100, 2), 0, 2);
  comm.issend(patterned(50, 3), 0, 3);
  comm.isendObject({ last: 'words' }, 0, 4);
  for (let i = 0; i < 3000; i++) comm.isend(Int32Array.of(i), 0, 5);
  // Short, because nobody may have to match it before this rank can end.
  comm.isend(patterned(12_000, 6), 2, 6);
}

async function outlive(): Promise<void> {
  const pending: Request<unknown>[] = [comm.irecv(new Uint8Array(1), 1, 99), comm.irecvObject(1, 99)];
  // Long after the other program is over.
  await sleep(500);
  const big = guardedBytes(10 * MEBI);
  assert.equal(comm.recv(big.buf, 1, 1).byteLength, 10 * MEBI);
  big.expect(1);
  const number = new Int32Array(1);
  for (let i = 0; i < 3000; i++) {
    comm.recv(number, 1, 5);
    assert.equal(number[0], i);
  }
  assert.deepEqual(comm.recvObject(1, 4), { last: 'words' });
  for (const [tag, length] of [
    [3, 50],
    [2, 100],
  ] as const) {
    const target = guardedBytes(length);
    comm.recv(target.buf, 1, tag);
    target.expect(tag);
  }
  for (const request of pending) {
    const error = throwsCode(() => request.wait(), 'ERR_ZIVM_PEER_FAILED');
    assert.equal(error.rank, 1);
    assert.equal(error.errorClass, 'MPI_ERR_PROC_FAILED');
    await rejectsCode(request, 'ERR_ZIVM_PEER_FAILED');
  }
  afterwards();
  // The others go on as before.
  comm.send(new Uint8Array(3), 2, 7);
  assert.equal(comm.recvObject(2), 'still here');
}

function afterwards(): void {
  const buf = new Uint8Array(1);
  throwsCode(() => comm.recv(buf, 1), 'ERR_ZIVM_PEER_FAILED');
  throwsCode(() => comm.irecv(buf, 1).wait(), 'ERR_ZIVM_PEER_FAILED');
  throwsCode(() => comm.recvObject(1, 4), 'ERR_ZIVM_PEER_FAILED');
  throwsCode(() => comm.probe(1), 'ERR_ZIVM_PEER_FAILED');
  throwsCode(() => comm.mprobe(1), 'ERR_ZIVM_PEER_FAILED');
  assert.equal(comm.iprobe(1), undefined);
  for (const length of [1, 100_000]) {
    throwsCode(() => comm.send(new Uint8Array(length), 1), 'ERR_ZIVM_PEER_FAILED');
    throwsCode(() => comm.ssend(new Uint8Array(length), 1), 'ERR_ZIVM_PEER_FAILED');
    throwsCode(() => comm.isend(new Uint8Array(length), 1).wait(), 'ERR_ZIVM_PEER_FAILED');
  }
  throwsCode(() => comm.sendObject(1, 1), 'ERR_ZIVM_PEER_FAILED');
}

/** Blocks in a call, rather than with a timer, until rank 1 has ended. */
function outliveBlocked(): void {
  const buf = new Uint8Array(12_000);
  throwsCode(() => comm.recv(buf, 1, 98), 'ERR_ZIVM_PEER_FAILED');
  // Its message came before its end.
  comm.recv(buf, 1, 6);
  assert.ok(hasPattern(buf, 6));
  comm.recv(buf, 0, 7);
  comm.sendObject('still here', 0);
}

/** When every other rank has ended, a receive from anyone fails too. */
async function lastOne(): Promise<void> {
  const pending = comm.irecv(new Uint8Array(1));
  await rejectsCode(pending, 'ERR_ZIVM_PEER_FAILED');
  throwsCode(() => comm.recv(new Uint8Array(1)), 'ERR_ZIVM_PEER_FAILED');
}

run(async () => {
  if (process.argv.includes('last')) {
    if (rank === 0) await lastOne();
    return;
  }
  // Whoever ends early must not be in a call of the others; the barrier makes the rings.
  comm.barrier();
  if (rank === 1) endEarly();
  else if (rank === 0) await outlive();
  else outliveBlocked();
});
