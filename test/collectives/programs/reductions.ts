import assert from 'node:assert/strict';
import { type Buf, IN_PLACE, Op } from 'zivm';
import { bytesOf } from '../../comm/e2e/programs/support/data';
import { throwsCode } from '../../comm/e2e/programs/support/errors';
import { join } from '../../comm/e2e/programs/support/job';
import { contribution, ELEMENT_TYPES, type ElementType, isBitwise, isFloat, model, OPS } from './support/model';

/*
 * Any number of ranks: reduce and allreduce, every operation with every type and lengths on both sides of the limits
 * between algorithms (1, 2, 32 and 64 KiB), against a model that works in rank order.
 */

const SENTINEL = 77;
const COUNTS = [0, 1, 2, 3, 17, 1000];
const LARGE_BYTES = [24 * 1024, 136 * 1024];
/** Several pieces also where ranks share cores. */
const LARGEST_BYTES = 1_500_000;

const comm = join();
const { rank, size } = comm;

/** A receive buffer between two sentinels. */
class Target {
  readonly buf: Buf;
  readonly #whole: Buf;

  constructor(type: ElementType, count: number) {
    this.#whole = new type(count + 2);
    const sentinel = typeof this.#whole[0] === 'bigint' ? BigInt(SENTINEL) : SENTINEL;
    this.#whole.fill(sentinel as never);
    this.buf = this.#whole.subarray(1, count + 1);
  }

  checkSentinels(): void {
    assert.equal(Number(this.#whole[0]), SENTINEL);
    assert.equal(Number(this.#whole[this.#whole.length - 1]), SENTINEL);
  }

  checkUntouched(): void {
    assert.ok(sameBits(this.#whole, this.#whole.slice().fill(this.#whole[0] as never)) && Number(this.#whole[0]) === SENTINEL);
  }
}

function sameBits(a: Buf, b: Buf): boolean {
  return bytesOf(a).equals(bytesOf(b));
}

/** Sums and products of floats depend on the order; everything else has one right answer. */
function checkResult(type: ElementType, op: Op, got: Buf, expected: Buf, label: string): void {
  if (!isFloat(type) || (op !== Op.SUM && op !== Op.PROD)) {
    if (!sameBits(got, expected)) assert.deepEqual(got, expected, label);
    return;
  }
  const tolerance = type === Float32Array ? 1e-5 : 1e-13;
  for (let i = 0; i < got.length; i++) {
    const [a, b] = [got[i] as number, expected[i] as number];
    const scale = op === Op.SUM ? 1500 * size : Math.abs(b);
    assert.ok(Math.abs(a - b) <= tolerance * scale, `${label}: element ${i} is ${a} instead of ${b}`);
  }
}

/** All ranks have the same bits. */
function checkSameEverywhere(buf: Buf, label: string): void {
  const theirs = Buffer.from(bytesOf(buf));
  comm.bcast(theirs, size - 1);
  assert.ok(theirs.equals(bytesOf(buf)), `${label}: rank ${rank} has other bits than rank ${size - 1}`);
}

function checkAllreduce(type: ElementType, op: Op, count: number, salt: number): void {
  const label = `allreduce ${op.name} ${type.name}[${count}] on ${size} ranks`;
  const mine = contribution(type, op, rank, count, salt);
  const before = mine.slice();
  const first = new Target(type, count);
  comm.allreduce(mine, first.buf, op);
  first.checkSentinels();
  assert.ok(sameBits(mine, before), `${label}: the send buffer has changed`);
  checkResult(type, op, first.buf, model(type, op, size, count, salt), label);

  const second = new Target(type, count);
  (second.buf as Float64Array).set(mine as Float64Array);
  comm.allreduce(IN_PLACE, second.buf, op);
  second.checkSentinels();
  assert.ok(sameBits(first.buf, second.buf), `${label}: two runs gave different bits`);
  if (isFloat(type)) checkSameEverywhere(first.buf, label);
}

function checkReduce(type: ElementType, op: Op, count: number, salt: number, root: number): void {
  const label = `reduce ${op.name} ${type.name}[${count}] to ${root} of ${size} ranks`;
  const mine = contribution(type, op, rank, count, salt);
  const before = mine.slice();
  const isRoot = rank === root;
  const first = new Target(type, count);
  comm.reduce(mine, isRoot ? first.buf : salt % 2 === 0 ? null : first.buf, op, root);
  assert.ok(sameBits(mine, before), `${label}: the send buffer has changed`);
  if (isRoot) checkResult(type, op, first.buf, model(type, op, size, count, salt), label);
  else first.checkUntouched();
  first.checkSentinels();

  const second = new Target(type, count);
  if (isRoot) {
    (second.buf as Float64Array).set(mine as Float64Array);
    comm.reduce(IN_PLACE, second.buf, op, root);
    assert.ok(sameBits(first.buf, second.buf), `${label}: two runs gave different bits`);
  } else {
    comm.reduce(mine, null, op, root);
  }
  second.checkSentinels();
}

function everything(): void {
  let salt = 0;
  for (const type of ELEMENT_TYPES) {
    for (const op of OPS) {
      if (isBitwise(op) && isFloat(type)) {
        throwsCode(() => comm.allreduce(new type(2), new type(2), op), 'ERR_ZIVM_OP', 'allreduce');
        throwsCode(() => comm.reduce(new type(2), new type(2), op), 'ERR_ZIVM_OP', 'reduce');
        continue;
      }
      // Long ones for a few operations: the algorithms do not depend on them otherwise.
      const isThorough = op === Op.SUM || op === Op.MINLOC || op === Op.MAX;
      const largeBytes = op === Op.SUM && type === Float64Array ? [...LARGE_BYTES, LARGEST_BYTES] : LARGE_BYTES;
      const large = isThorough ? largeBytes.map((bytes) => bytes / type.BYTES_PER_ELEMENT + 6) : [];
      for (const count of [...COUNTS, ...large]) {
        salt++;
        if (count % op.blockLength !== 0) {
          throwsCode(() => comm.allreduce(new type(count), new type(count), op), 'ERR_ZIVM_COUNT', 'allreduce');
          continue;
        }
        checkAllreduce(type, op, count, salt);
        checkReduce(type, op, count, salt, salt % size);
      }
    }
  }
}

function floatSpecials(): void {
  for (const type of [Float32Array, Float64Array]) {
    const special = type.of(rank === size - 1 ? NaN : rank, rank === 0 ? -0 : 0, rank === 0 ? -Infinity : 1);
    const got = new type(3);
    comm.allreduce(special, got, Op.MIN);
    assert.deepEqual([...got], [NaN, -0, -Infinity]);
    comm.allreduce(special, got, Op.MAX);
    assert.deepEqual([...got], [NaN, size === 1 ? -0 : 0, size === 1 ? -Infinity : 1]);
  }
}

/** A Buffer is reduced as bytes, and its elements stay as they were: its own slice() is no copy. */
function buffers(): void {
  for (const count of [4, 50_000]) {
    for (let root = 0; root < size; root++) {
      const mine = Buffer.alloc(count, rank + 1);
      const got = Buffer.alloc(count);
      comm.reduce(mine, got, Op.SUM, root);
      assert.ok(mine.equals(Buffer.alloc(count, rank + 1)), 'reduce has changed the send buffer');
      if (rank === root) assert.ok(got.equals(Buffer.alloc(count, (size * (size + 1)) / 2)));
      comm.allreduce(mine, got);
      assert.ok(mine.equals(Buffer.alloc(count, rank + 1)), 'allreduce has changed the send buffer');
      assert.ok(got.equals(Buffer.alloc(count, (size * (size + 1)) / 2)));
    }
  }
}

function values(): void {
  const sum = (size * (size - 1)) / 2;
  assert.equal(comm.allreduce(rank), sum);
  assert.equal(comm.allreduce(rank + 0.5, Op.MAX), size - 0.5);
  assert.equal(comm.allreduce(BigInt(rank)), BigInt(sum));
  assert.equal(comm.allreduce(2n ** 63n - 1n, Op.SUM), BigInt.asIntN(64, (2n ** 63n - 1n) * BigInt(size)));
  assert.equal(comm.allreduce(-(2n ** 63n), Op.MIN), -(2n ** 63n));
  assert.equal(comm.allreduce(1n << BigInt(rank), Op.BOR), (1n << BigInt(size)) - 1n);
  assert.equal(comm.allreduce(rank === 0 ? 0 : 1, Op.LAND), 0);
  for (let root = 0; root < size; root++) {
    const total = comm.reduce(rank + 1, Op.PROD, root);
    if (rank === root) assert.equal(total, Array.from({ length: size }, (_, i) => i + 1).reduce((a, b) => a * b));
    else assert.equal(total, undefined);
    assert.equal(comm.reduce(BigInt(rank), Op.SUM, root), rank === root ? BigInt(sum) : undefined);
  }
  assert.equal(comm.reduce(1), rank === 0 ? size : undefined);

  for (const big of [2n ** 63n, -(2n ** 63n) - 1n, 2n ** 200n]) {
    throwsCode(() => comm.allreduce(big), 'ERR_ZIVM_TYPE', 'allreduce');
    throwsCode(() => comm.reduce(big), 'ERR_ZIVM_TYPE', 'reduce');
  }
  for (const op of [Op.BAND, Op.BOR, Op.BXOR]) {
    throwsCode(() => comm.allreduce(1, op), 'ERR_ZIVM_OP', 'allreduce');
    throwsCode(() => comm.reduce(1, op), 'ERR_ZIVM_OP', 'reduce');
  }
  throwsCode(() => comm.allreduce(1, Op.MINLOC), 'ERR_ZIVM_COUNT', 'allreduce');
}

function wrongArguments(): void {
  const four = new Int32Array(4);
  for (const op of [Op.REPLACE, Op.NO_OP]) {
    throwsCode(() => comm.allreduce(four, new Int32Array(4), op), 'ERR_ZIVM_OP', 'allreduce');
    throwsCode(() => comm.reduce(four, new Int32Array(4), op), 'ERR_ZIVM_OP', 'reduce');
    throwsCode(() => comm.allreduce(1, op), 'ERR_ZIVM_OP', 'allreduce');
  }
  for (const op of ['SUM', {}, 3]) {
    throwsCode(() => comm.allreduce(four, new Int32Array(4), op as unknown as Op), 'ERR_ZIVM_OP', 'allreduce');
  }
  for (const root of [-1, size, 1.5, NaN]) {
    throwsCode(() => comm.reduce(four, new Int32Array(4), Op.SUM, root), 'ERR_ZIVM_ROOT', 'reduce');
    throwsCode(() => comm.reduce(1, Op.SUM, root), 'ERR_ZIVM_ROOT', 'reduce');
  }
  throwsCode(() => comm.allreduce(four, new Int32Array(5)), 'ERR_ZIVM_COUNT', 'allreduce');
  throwsCode(() => comm.allreduce(four, new Float32Array(4)), 'ERR_ZIVM_TYPE', 'allreduce');
  throwsCode(() => comm.allreduce([1] as unknown as Int32Array, four), 'ERR_ZIVM_TYPE', 'allreduce');
  const long = new Int32Array(1001);
  for (const count of [2, 100, 1000]) {
    throwsCode(() => comm.allreduce(long.subarray(1, 1 + count), long.subarray(0, count)), 'ERR_ZIVM_TYPE', 'allreduce');
  }
  throwsCode(() => comm.allreduce(four, null as unknown as Int32Array), 'ERR_ZIVM_TYPE', 'allreduce');
  throwsCode(() => comm.allreduce('x' as unknown as number), 'ERR_ZIVM_TYPE', 'allreduce');
  if (rank === 0) {
    throwsCode(() => comm.reduce(four, new Int32Array(3)), 'ERR_ZIVM_COUNT', 'reduce');
    throwsCode(() => comm.reduce(four, new Uint32Array(4)), 'ERR_ZIVM_TYPE', 'reduce');
    throwsCode(() => comm.reduce(four, null), 'ERR_ZIVM_TYPE', 'reduce');
  } else {
    throwsCode(() => comm.reduce(IN_PLACE, four), 'ERR_ZIVM_TYPE', 'reduce');
  }
  comm.barrier();
  assert.equal(comm.allreduce(1), size);
}

const PARTS = { everything: [everything], details: [floatSpecials, values, wrongArguments], buffers: [buffers] };
for (const part of PARTS[process.argv[2] as keyof typeof PARTS]) part();
