import assert from 'node:assert/strict';
import { Op } from 'zivm';
import { native } from '../../../src/native';
import { guardedBytes, patterned } from '../../comm/e2e/programs/support/data';
import { throwsCode } from '../../comm/e2e/programs/support/errors';
import { join } from '../../comm/e2e/programs/support/job';

/*
 * Two ranks with a core each: their long broadcasts and reductions go in pieces, or straight out of the other's memory. Of each
 * magnitude of lengths the first calls go in pieces and as many more directly, so that both are measured; the argument says
 * what is tried. (The addon, and so what is put in its place here, is the library's.)
 */

/** A length each of different magnitudes, the last one in several parts when it is reduced directly. */
const LENGTHS = [40_000, 72_000, 200_000, 3_000_000];
/** So many of each magnitude go one way first, as in src/comm/routes.ts; and all that are made here. */
const MEASUREMENTS = 8;
const CALLS = 18;
const REFUSED = -1;

const comm = join();
const { rank } = comm;

/** What this rank has copied from the other's memory, in bytes; and of how many times it may ask the kernel to. */
let copied = 0;
let asked = 0;
let allowed = Infinity;
const readProcess = native.readProcess.bind(native);
native.readProcess = (...args) => {
  const result = asked++ < allowed ? readProcess(...args) : REFUSED;
  if (result === 0) copied += args[4];
  return result;
};

/** Whether ranks may copy from each other at all; some systems let a process do so with its children only. */
function canCopy(): boolean {
  const word = new Int32Array(1);
  const mine = Float64Array.of(process.pid, native.addressOf(word));
  const theirs = new Float64Array(2);
  comm.sendrecv(mine, 1 - rank, 0, theirs, 1 - rank, 0);
  const result = readProcess(theirs[0]!, theirs[1]!, new Int32Array(1), 0, word.byteLength);
  comm.barrier();
  word.fill(0); // it has been kept until here
  return result === 0;
}

/** One call; the barrier lets the root see how this rank would have the next one. @returns bytes that this rank has copied directly for it */
function copiedBy(call: () => void): number {
  const before = copied;
  call();
  comm.barrier();
  return copied - before;
}

function bcast(length: number, root: number, seed: number): void {
  const target = guardedBytes(length);
  if (rank === root) (target.buf as Uint8Array).set(patterned(length, seed));
  comm.bcast(target.buf, root);
  target.expect(seed);
}

/** The difference of ranks 0 and 1: the order matters. */
const minus = Op.create((input, inout) => inout.forEach((value, i) => ((inout as Float64Array)[i] = (input as Float64Array)[i]! - Number(value))), { commute: false });

function reduce(length: number, root: number, op: Op): void {
  const mine = Float64Array.from({ length: length / 8 }, (_, i) => i * (rank + 2));
  const target = new Float64Array(mine.length);
  comm.reduce(mine, rank === root ? target : null, op, root);
  if (rank === root) assert.ok(target.every((value, i) => value === (op === minus ? -i : 5 * i)), `reduce of ${length} bytes to ${root}`);
  else assert.ok(target.every((value) => value === 0));
  assert.ok(mine.every((value, i) => value === i * (rank + 2)), 'what was sent has changed');
}

/** What a rank that receives copies directly in the calls that are to be measured. */
const firstWays = (isReceiver: boolean, length: number): number[] => [...Array<number>(MEASUREMENTS).fill(0), ...Array<number>(MEASUREMENTS).fill(isReceiver && COPIES ? length : 0)];

/** Each rank receives in its turn, and is right whichever way it came. */
function broadcasts(): void {
  for (const length of LENGTHS) {
    for (const receiver of [0, 1]) {
      const ways = Array.from({ length: CALLS }, (_, seed) => copiedBy(() => bcast(length, 1 - receiver, seed)));
      assert.deepEqual(ways.slice(0, 2 * MEASUREMENTS), firstWays(rank === receiver, length));
      for (const bytes of ways) assert.ok(bytes === 0 || bytes === length);
    }
  }
}

function reductions(): void {
  for (const length of LENGTHS) {
    for (const root of [0, 1]) {
      const ways = Array.from({ length: CALLS }, () => copiedBy(() => reduce(length, root, Op.SUM)));
      assert.deepEqual(ways.slice(0, 2 * MEASUREMENTS), firstWays(rank === root, length));
    }
    copiedBy(() => reduce(length, 0, minus));
    copiedBy(() => reduce(length, 1, minus));
  }
}

/** Where the kernel refuses, the data comes in pieces, and it is not asked again. */
function refused(): void {
  allowed = 0;
  for (const length of LENGTHS) {
    for (let call = 0; call < CALLS; call++) copiedBy(() => reduce(length, 1, Op.SUM));
    for (let seed = 0; seed < CALLS; seed++) copiedBy(() => bcast(length, 1, seed));
  }
  // Either rank has received, and has tried it once.
  assert.equal(asked, 1);
}

/** A kernel that lets a rank copy a part only: the call fails on the root, and what comes after it works. */
function refusedLate(): void {
  if (!COPIES) return; // it refuses at once
  const length = LENGTHS[LENGTHS.length - 1]!;
  for (let call = 0; call < MEASUREMENTS; call++) copiedBy(() => reduce(length, 0, Op.SUM));
  allowed = asked + 1;
  copiedBy(() => {
    if (rank === 0) throwsCode(() => reduce(length, 0, Op.SUM), 'ERR_ZIVM_PEER_FAILED');
    else reduce(length, 0, Op.SUM);
  });
  for (let call = 0; call < CALLS; call++) assert.equal(copiedBy(() => reduce(length, 0, Op.SUM)), 0);
}

/** The same in an allreduce: the other rank, which waits for the result, is told. */
function refusedLateForAll(): void {
  if (!COPIES) return;
  const length = LENGTHS[LENGTHS.length - 1]!;
  const mine = Float64Array.from({ length: length / 8 }, (_, i) => i * (rank + 2));
  const sum = new Float64Array(mine.length);
  const isRight = (): boolean => sum.every((value, i) => value === 5 * i);
  for (let call = 0; call < MEASUREMENTS; call++) copiedBy(() => comm.allreduce(mine, sum));
  assert.ok(isRight());
  allowed = rank === 0 ? asked + 1 : Infinity;
  copiedBy(() => throwsCode(() => comm.allreduce(mine, sum), rank === 0 ? 'ERR_ZIVM_PEER_FAILED' : 'ERR_ZIVM_OP'));
  for (let call = 0; call < CALLS; call++) {
    sum.fill(0);
    copiedBy(() => comm.allreduce(mine, sum));
    assert.ok(isRight());
  }
}

/** Another length than the other rank's is an error for who reads it, whichever way it comes, and the next call works. */
function differentLengths(): void {
  for (const length of LENGTHS) {
    for (const way of [0, COPIES ? length : 0]) {
      const mine = new Float64Array(length / 8 - rank);
      copiedBy(() => {
        if (rank === 0) comm.bcast(mine, 0);
        else throwsCode(() => comm.bcast(mine, 0), 'ERR_ZIVM_TRUNCATE', undefined);
      });
      copiedBy(() => throwsCode(() => comm.reduce(mine, mine.slice(), Op.SUM, 0), 'ERR_ZIVM_TRUNCATE'));
      for (let call = 0; call < MEASUREMENTS; call++) {
        assert.equal(copiedBy(() => bcast(length, 0, call)), rank === 1 ? way : 0);
        assert.equal(copiedBy(() => reduce(length, 0, Op.SUM)), rank === 0 ? way : 0);
      }
    }
  }
}

/** Each rank takes the other one for the root, or the root makes another call. */
function wrongRoots(): void {
  for (const length of LENGTHS) {
    for (let call = 0; call < CALLS; call++) {
      copiedBy(() => throwsCode(() => comm.bcast(new Uint8Array(length), 1 - rank), 'ERR_ZIVM_TRUNCATE'));
      copiedBy(() => bcast(length, call & 1, call));
      copiedBy(() => {
        if (rank === 0) comm.barrier();
        else throwsCode(() => comm.bcast(new Uint8Array(length), 0), 'ERR_ZIVM_TRUNCATE');
      });
      copiedBy(() => bcast(length, call & 1, call));
    }
  }
}

/** An operation that throws does so on the root alone, and the next call works. */
function throwing(): void {
  const thrown = new Error('this operation does not work');
  const broken = Op.create(() => {
    throw thrown;
  });
  for (const length of LENGTHS) {
    for (const way of [0, COPIES ? length : 0]) {
      copiedBy(() => {
        if (rank === 0) assert.throws(() => comm.reduce(new Float64Array(length / 8), new Float64Array(length / 8), broken, 0), thrown);
        else comm.reduce(new Float64Array(length / 8), null, broken, 0);
      });
      for (let call = 0; call < MEASUREMENTS; call++) assert.equal(copiedBy(() => reduce(length, 0, Op.SUM)), rank === 0 ? way : 0);
    }
  }
}

const COPIES = canCopy();
const PARTS: Record<string, () => void> = { broadcasts, reductions, refused, refusedLate, refusedLateForAll, differentLengths, wrongRoots, throwing };
PARTS[process.argv[2]!]!();
