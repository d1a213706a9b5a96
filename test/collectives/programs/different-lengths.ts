import assert from 'node:assert/strict';
import { Op } from 'zivm';
import { guardedBytes, patterned } from '../../comm/e2e/programs/support/data';
import { throwsCode } from '../../comm/e2e/programs/support/errors';
import { join } from '../../comm/e2e/programs/support/job';

/*
 * From two ranks on: one rank calls a short collective with another length than the others. Whoever reads data of a
 * length that is not its own gets an error, everybody leaves the call, and the next one works.
 */

/** Bytes that one rank has, and all the others: both for all algorithms that combine short data. */
const LENGTHS = [
  [16, 8],
  [8, 16],
  [0, 8],
  [8, 0],
  [1024, 1016],
  [128, 136],
] as const;

/** The same of long data: of as many pieces, or of more. */
const LONG_LENGTHS = [
  [200_000, 136_000],
  [131_072, 196_608],
  [65_552, 65_544],
  [700_008, 2_200_000],
] as const;

const comm = join();
const { rank, size } = comm;

const sumOfRanks = (size * (size - 1)) / 2;
const SEED = 7;

/** Correct calls of every kind, so many that every slot is used again. */
function expectUsable(): void {
  for (let round = 0; round < 5; round++) {
    comm.barrier();
    const got = new Float64Array(2);
    comm.allreduce(Float64Array.of(rank, round), got);
    assert.deepEqual([...got], [sumOfRanks, round * size]);
    const root = round % size;
    const total = comm.reduce(rank, Op.SUM, root);
    assert.equal(total, rank === root ? sumOfRanks : undefined);
    const buf = rank === root ? patterned(40, round) : new Uint8Array(40);
    comm.bcast(buf, root);
    assert.deepEqual(buf, patterned(40, round));
  }
}

/** The error names somebody who had another length than this rank. */
function throwsTruncate(action: () => unknown, odd: number): void {
  const { rank: named } = throwsCode(action, 'ERR_ZIVM_TRUNCATE');
  if (rank === odd) assert.ok(named !== undefined && named !== odd);
  else assert.equal(named, odd);
}

function bcast(odd: number, root: number, oddBytes: number, byteLength: number): void {
  const target = guardedBytes(rank === odd ? oddBytes : byteLength);
  if (rank === root) {
    // It reads nothing.
    comm.bcast(patterned(target.buf.length, SEED), root);
  } else if (rank === odd || root === odd) {
    const error = throwsCode(() => comm.bcast(target.buf, root), 'ERR_ZIVM_TRUNCATE');
    assert.equal(error.rank, root);
    target.expectUntouched();
  } else {
    comm.bcast(target.buf, root);
    target.expect(SEED);
  }
}

function reduce(odd: number, root: number, oddBytes: number, byteLength: number): void {
  const mine = new Float64Array((rank === odd ? oddBytes : byteLength) / 8);
  if (rank === root) throwsTruncate(() => comm.reduce(mine, mine.slice(), Op.SUM, root), odd);
  else comm.reduce(mine, null, Op.SUM, root);
}

function allreduce(odd: number, oddBytes: number, byteLength: number, op: Op): void {
  const mine = new Float64Array((rank === odd ? oddBytes : byteLength) / 8);
  throwsTruncate(() => comm.allreduce(mine, mine.slice(), op), odd);
}

/** Of long data everybody reads lengths that are not its own. */
function longReduce(odd: number, root: number, oddBytes: number, byteLength: number): void {
  const mine = new Float64Array((rank === odd ? oddBytes : byteLength) / 8);
  throwsTruncate(() => comm.reduce(mine, mine.slice(), Op.SUM, root), odd);
}

function long(): void {
  for (const [oddBytes, byteLength] of LONG_LENGTHS) {
    for (const odd of [0, size - 1]) {
      for (const root of [0, size - 1]) {
        bcast(odd, root, oddBytes, byteLength);
        longReduce(odd, root, oddBytes, byteLength);
      }
      allreduce(odd, oddBytes, byteLength, Op.MAX);
      expectUsable();
    }
  }
}

expectUsable();
for (const [oddBytes, byteLength] of LENGTHS) {
  for (const odd of new Set([0, size >> 1, size - 1])) {
    for (const root of new Set([odd, 0, size - 1])) {
      bcast(odd, root, oddBytes, byteLength);
      expectUsable();
      reduce(odd, root, oddBytes, byteLength);
      expectUsable();
    }
    // Without a call that works between them.
    for (const op of [Op.SUM, Op.PROD, Op.MAX]) allreduce(odd, oddBytes, byteLength, op);
    expectUsable();
  }
}
long();
