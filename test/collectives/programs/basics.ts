import assert from 'node:assert/strict';
import { BUFFER_TYPES, fill, Guarded, guardedBytes, patterned } from '../../comm/e2e/programs/support/data';
import { throwsCode } from '../../comm/e2e/programs/support/errors';
import { join } from '../../comm/e2e/programs/support/job';

/* Any number of ranks: barrier, bcast and bcastObject. */

/** Bytes around the lengths at which the algorithm of bcast changes, and the pieces of the pipeline. */
const LIMIT_BYTES = 64 * 1024;
/** Two and three pieces also where ranks share cores. */
const LONGEST_BYTES = [2_100_000, 4_300_001];

const comm = join();
const { rank, size } = comm;

/** Nobody leaves a barrier before all have come: what was sent before it is there after it. So also if it follows a broadcast. */
function barriers(): void {
  for (let round = 0; round < 60; round++) {
    const late = round % size;
    if (round % 2 === 1) comm.bcast(Int32Array.of(round), (round >> 1) % size);
    if (rank === late) {
      // One rank comes later than the others, after it has told everyone.
      for (let other = 0; other < size; other++) if (other !== rank) comm.send(Int32Array.of(round), other, 3);
    }
    comm.barrier();
    if (rank !== late) {
      assert.equal(comm.iprobe(late, 3)?.byteLength, 4, `rank ${rank} left barrier ${round} before rank ${late} had come`);
      const told = new Int32Array(1);
      comm.recv(told, late, 3);
      assert.equal(told[0], round);
    }
  }
  // Many at once, in step.
  for (let i = 0; i < 200; i++) comm.barrier();
}

function bcasts(): void {
  for (const type of BUFFER_TYPES) {
    const limit = LIMIT_BYTES / type.bytes;
    for (const length of [0, 1, 3, 1000, 9000, limit - 1, limit, limit + 1, 3 * limit + 5]) {
      for (let root = 0; root < size; root++) {
        // Large ones from the ends and the middle only.
        if (length > 1000 && root !== 0 && root !== size - 1 && root !== size >> 1) continue;
        const target = new Guarded(type, length, 1);
        if (rank === root) fill(target.buf, root + length);
        comm.bcast(target.buf, root);
        target.expect(root + length, length, `bcast from ${root}`);
      }
    }
  }
  for (const length of LONGEST_BYTES) {
    for (const root of new Set([0, size - 1])) {
      const target = guardedBytes(length);
      if (rank === root) fill(target.buf, root + length);
      comm.bcast(target.buf, root);
      target.expect(root + length, length, `bcast from ${root}`);
    }
  }
  const byDefault = new Guarded(BUFFER_TYPES[0]!, 5);
  if (rank === 0) fill(byDefault.buf, 1);
  comm.bcast(byDefault.buf);
  byDefault.expect(1);
}

function objects(): void {
  const values: unknown[] = [
    null,
    undefined,
    42,
    2n ** 200n,
    'text',
    [1, [2, [3]]],
    new Map<unknown, unknown>([['a', new Set([1, 2])], [{ k: 1 }, new Date(5)]]),
    { big: patterned(300_000, 4), floats: Float64Array.of(1, 2, 3) },
  ];
  for (let root = 0; root < size; root++) {
    for (const value of values) {
      assert.deepEqual(comm.bcastObject(rank === root ? value : 'ignored', root), value);
    }
  }
  const own = { a: 1 };
  const got = comm.bcastObject(own);
  if (rank === 0) assert.equal(got, own);
}

function unpackableObjects(): void {
  for (let root = 0; root < size; root++) {
    throwsCode(() => comm.bcastObject(rank === root ? { f: () => 1 } : undefined, root), 'ERR_ZIVM_TYPE', 'bcastObject');
    // The communicator is as usable as before, for everyone.
    comm.barrier();
    assert.equal(comm.bcastObject(rank === root ? 'still here' : undefined, root), 'still here');
    assert.equal(comm.allreduce(1), size);
  }
}

function wrongArguments(): void {
  const buf = new Uint8Array(1);
  for (const root of [-1, size, 0.5, NaN, '0' as unknown as number]) {
    throwsCode(() => comm.bcast(buf, root), 'ERR_ZIVM_ROOT', 'bcast');
    throwsCode(() => comm.bcastObject(1, root), 'ERR_ZIVM_ROOT', 'bcastObject');
  }
  for (const wrong of [null, undefined, [1], 'x', new ArrayBuffer(4), new DataView(new ArrayBuffer(4)), 5]) {
    throwsCode(() => comm.bcast(wrong as unknown as Uint8Array), 'ERR_ZIVM_TYPE', 'bcast');
  }
  // Nothing of this has been sent to anybody.
  comm.barrier();
}

const PARTS = { barriers, bcasts, objects, wrongArguments };

if (process.argv.includes('unpackable')) unpackableObjects();
else for (const part of Object.values(PARTS)) part();
