import assert from 'node:assert/strict';
import { IN_PLACE, Op } from 'zivm';
import { throwsCode } from '../../comm/e2e/programs/support/errors';
import { join } from '../../comm/e2e/programs/support/job';

/* Any number of ranks: operations of the user, commuting and not, short and long. */

const comm = join();
const { rank, size } = comm;

const MATRIX = 4;
/** Matrices in one buffer: up to 8 MiB of them would only take time. */
const MATRIX_COUNTS = [1, 3, 100, 3000, 20_000];

let sawWrongShape = false;

/** Products of 2x2 matrices of 32-bit integers, which wrap: associative, and the order matters. */
const product = Op.create(
  (input, inout) => {
    if (input.length !== inout.length || input.length % MATRIX !== 0 || input.constructor !== inout.constructor) sawWrongShape = true;
    const [a, b] = [input as Int32Array, inout as Int32Array];
    for (let i = 0; i < b.length; i += MATRIX) multiply(a, b, i);
  },
  { blockLength: MATRIX },
);

function multiply(a: Int32Array, b: Int32Array, i: number): void {
  const [b0, b1, b2, b3] = [b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!];
  b[i] = Math.imul(a[i]!, b0) + Math.imul(a[i + 1]!, b2);
  b[i + 1] = Math.imul(a[i]!, b1) + Math.imul(a[i + 1]!, b3);
  b[i + 2] = Math.imul(a[i + 2]!, b0) + Math.imul(a[i + 3]!, b2);
  b[i + 3] = Math.imul(a[i + 2]!, b1) + Math.imul(a[i + 3]!, b3);
}

function matrices(of: number, count: number): Int32Array {
  return Int32Array.from({ length: count * MATRIX }, (_, i) => (((of + 1) * 31 + i * 7) % 11) + 1);
}

function expectedProduct(count: number): Int32Array {
  let result = matrices(0, count);
  for (let of = 1; of < size; of++) {
    const right = matrices(of, count);
    for (let i = 0; i < right.length; i += MATRIX) multiply(result, right, i);
    result = right;
  }
  return result;
}

function inRankOrder(): void {
  for (const count of MATRIX_COUNTS) {
    const expected = expectedProduct(count);
    const mine = matrices(rank, count);
    const got = new Int32Array(count * MATRIX + 1).fill(-5);
    const target = got.subarray(0, count * MATRIX);
    comm.allreduce(mine, target, product);
    assert.deepEqual(target, expected, `allreduce of ${count} matrices is not in rank order`);
    target.set(mine);
    comm.allreduce(IN_PLACE, target, product);
    assert.deepEqual(target, expected);

    for (const root of new Set([0, size >> 1, size - 1])) {
      target.fill(0);
      comm.reduce(mine, rank === root ? target : null, product, root);
      if (rank === root) assert.deepEqual(target, expected, `reduce of ${count} matrices to ${root} is not in rank order`);
      if (rank === root) target.set(mine);
      comm.reduce(rank === root ? IN_PLACE : mine, rank === root ? target : null, product, root);
      if (rank === root) assert.deepEqual(target, expected);
    }
    assert.deepEqual(mine, matrices(rank, count), 'the send buffer has changed');
    assert.equal(got[count * MATRIX], -5);
  }
  assert.equal(sawWrongShape, false, 'the function got arrays of different types, or a part of a block');
}

/** Concatenation: each block is a length and as many ranks. Whatever the tree, they must come out in order. */
function concatenation(): void {
  const block = size + 1;
  const concatenate = Op.create(
    (input, inout) => {
      for (let at = 0; at < inout.length; at += block) {
        const left = Array.from(input.subarray(at + 1, at + 1 + Number(input[at])) as Uint16Array);
        const right = Array.from(inout.subarray(at + 1, at + 1 + Number(inout[at])) as Uint16Array);
        inout.fill(0 as never, at, at + block);
        (inout as Uint16Array).set([left.length + right.length, ...left, ...right], at);
      }
    },
    { blockLength: block },
  );
  for (const blocks of [1, 5, Math.ceil(100_000 / block)]) {
    const mine = new Uint16Array(blocks * block);
    for (let at = 0; at < mine.length; at += block) mine.set([1, rank], at);
    const expected = [size, ...Array.from({ length: size }, (_, i) => i)];
    const got = new Uint16Array(mine.length);
    comm.allreduce(mine, got, concatenate);
    for (let at = 0; at < got.length; at += block) assert.deepEqual([...got.subarray(at, at + block)], expected);
    const root = size - 1;
    got.fill(0);
    comm.reduce(mine, got, concatenate, root);
    if (rank === root) for (let at = 0; at < got.length; at += block) assert.deepEqual([...got.subarray(at, at + block)], expected);
  }
}

/** For an operation that commutes, every operand counts once. */
function commuting(): void {
  const sum = Op.create(
    (input, inout) => {
      for (let i = 0; i < inout.length; i++) (inout as Float64Array)[i]! += (input as Float64Array)[i]!;
    },
    { commute: true, blockLength: 3 },
  );
  for (const count of [3, 300, 30_000, 99_999]) {
    const mine = Float64Array.from({ length: count }, (_, i) => rank * 1000 + i);
    const got = new Float64Array(count);
    comm.allreduce(mine, got, sum);
    const base = (1000 * size * (size - 1)) / 2;
    for (let i = 0; i < count; i++) assert.equal(got[i], base + size * i);
    got.fill(0);
    comm.reduce(mine, got, sum, size - 1);
    if (rank === size - 1) for (let i = 0; i < count; i++) assert.equal(got[i], base + size * i);
  }
  const bigints = Op.create((input, inout) => (inout[0] = ((input[0] as bigint) * 3n) ^ (inout[0] as bigint)), { commute: true });
  const got = comm.allreduce(BigInt(rank), bigints);
  assert.equal(typeof got, 'bigint');
}

function wrongArguments(): void {
  for (const apply of [undefined, null, 'x']) throwsCode(() => Op.create(apply as never), 'ERR_ZIVM_OP');
  for (const blockLength of [0, -1, 1.5, NaN]) throwsCode(() => Op.create(() => undefined, { blockLength }), 'ERR_ZIVM_OP');
  throwsCode(() => comm.allreduce(new Int32Array(5), new Int32Array(5), product), 'ERR_ZIVM_COUNT', 'allreduce');
  throwsCode(() => comm.reduce(new Int32Array(6), new Int32Array(6), product), 'ERR_ZIVM_COUNT', 'reduce');
}

/** An operation that fails at the root: the other ranks do not wait for it, and what follows is in step. */
function failing(): void {
  const careless = Op.create(
    () => {
      if (rank === 0) throw new RangeError('careless');
    },
    { commute: true },
  );
  for (const length of [12_000, 100_000]) {
    const mine = new Float64Array(length).fill(rank);
    const got = new Float64Array(length);
    if (rank === 0 && size > 1) assert.throws(() => comm.reduce(mine, got, careless), RangeError);
    else comm.reduce(mine, got, careless);
    comm.reduce(mine, got, Op.SUM);
    if (rank === 0) assert.ok(got.every((value) => value === (size * (size - 1)) / 2));
  }
}

/** An operation that fails on one rank of many: whoever wants the result is told, all leave the call, and what follows is in step. */
function failingSomewhere(): void {
  if (size <= 2) return;
  const culprit = size - 1;
  const careless = Op.create(() => {
    if (rank === culprit) throw new RangeError('careless');
  });
  for (const length of [1000, 100_000]) {
    const mine = new Float64Array(length).fill(rank);
    const got = new Float64Array(length);
    const expectFailure = (call: () => void): void => {
      if (rank === culprit) assert.throws(call, RangeError);
      else assert.equal(throwsCode(call, 'ERR_ZIVM_OP').rank, culprit);
    };
    expectFailure(() => comm.allreduce(mine, got, careless));
    const reduce = (): void => comm.reduce(mine, got, careless, 0);
    if (rank === culprit || rank === 0) expectFailure(reduce);
    else reduce();
    comm.allreduce(mine, got);
    assert.ok(got.every((value) => value === (size * (size - 1)) / 2));
  }
}

/** A block that is longer than any piece. */
function longBlocks(): void {
  const blockLength = 12_000;
  const sum = Op.create(
    (input, inout) => {
      for (let i = 0; i < inout.length; i++) (inout as Float64Array)[i]! += (input as Float64Array)[i]!;
    },
    { blockLength },
  );
  const got = new Float64Array(2 * blockLength);
  comm.allreduce(new Float64Array(got.length).fill(rank), got, sum);
  assert.ok(got.every((value) => value === (size * (size - 1)) / 2));
  comm.reduce(new Float64Array(got.length).fill(1), got, sum, size - 1);
  if (rank === size - 1) assert.ok(got.every((value) => value === size));
}

for (const part of [longBlocks, failingSomewhere, inRankOrder, concatenation, commuting, wrongArguments, failing]) part();
