import assert from 'node:assert/strict';
import { ARRAY_TYPES, Kind } from '../../../src/comm/elements';
import { fast, type TypedArray } from '../../../src/native';

/*
 * What compiled code calls without a detour does what the ordinary calls do (copy.test.ts, kernels.test.ts); and it is
 * what compiled code calls, on versions of Node for which native/fast/fast-call.h knows how. A program of its own, for
 * V8 makes no fast calls from the contexts in which jest runs tests.
 */

const HAS_FAST_CALLS = ['115', '127'].includes(process.versions.modules);
const BAD_RANGE = -1;
const EINVAL = -22;
const SUM = 0;
/** So often that V8 compiles the loop as a whole, and for its beginning too. */
const WARM_UP = 200;
const MOST_ROUNDS = 50;
const CALLS = 1000;

const KINDS = [
  { kind: Kind.Uint8, copy: fast.copyUint8, combine: fast.combineUint8, put: fast.putUint8, take: fast.takeUint8 },
  { kind: Kind.Int32, copy: fast.copyInt32, combine: fast.combineInt32, put: fast.putInt32, take: fast.takeInt32 },
  { kind: Kind.Uint32, copy: fast.copyUint32, combine: fast.combineUint32, put: fast.putUint32, take: fast.takeUint32 },
  { kind: Kind.Float32, copy: fast.copyFloat32, combine: fast.combineFloat32, put: fast.putFloat32, take: fast.takeFloat32 },
  { kind: Kind.Float64, copy: fast.copyFloat64, combine: fast.combineFloat64, put: fast.putFloat64, take: fast.takeFloat64 },
  { kind: Kind.BigInt64, copy: fast.copyBigInt64, combine: fast.combineBigInt64, put: fast.putBigInt64, take: fast.takeBigInt64 },
  { kind: Kind.BigUint64, copy: fast.copyBigUint64, combine: fast.combineBigUint64, put: fast.putBigUint64, take: fast.takeBigUint64 },
].map((one) => ({ ...one, type: ARRAY_TYPES[one.kind]! }));
type OfKind = (typeof KINDS)[number];

let made = 0;

/** A loop of its own each time: V8 takes functions of the same text for one, which would call many. */
function looping(call: string): (callee: unknown, calls: number, a: TypedArray, b: TypedArray, at: number, from: number, length: number) => number {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- V8 takes functions from one text for one
  return new Function('callee', 'calls', 'a', 'b', 'at', 'from', 'length', `let result; for (let i = 0; i < calls; i++) result = ${call}; return result; // ${made++}`) as ReturnType<typeof looping>;
}

/** Compiles a loop, and sees that its calls are fast ones. @returns sees that they have been ever since */
function warmUp(loop: ReturnType<typeof looping>, ...[callee, , ...args]: Parameters<ReturnType<typeof looping>>): () => void {
  let before = 0;
  let ordinary = Infinity;
  // The compiler works beside: a round counts in which it had finished.
  for (let round = 0; round < MOST_ROUNDS && ordinary > 0; round++) {
    for (let call = 0; call < WARM_UP; call++) loop(callee, CALLS, ...args);
    before = fast.ordinaryCalls();
    loop(callee, CALLS, ...args);
    ordinary = fast.ordinaryCalls() - before;
  }
  assert.equal(ordinary, HAS_FAST_CALLS ? 0 : CALLS);
  return () => HAS_FAST_CALLS && assert.equal(fast.ordinaryCalls(), before);
}

const bytesOf = (array: TypedArray): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const one = (kind: Kind): number | bigint => (kind === Kind.BigInt64 || kind === Kind.BigUint64 ? 1n : 1);

function copies({ type, copy }: OfKind): void {
  const loop = looping('callee(a, at, b, from, length, 1)');
  const size = type.BYTES_PER_ELEMENT;
  const target = new type(40);
  const source = new type(40).subarray(8, 32);
  bytesOf(source).forEach((__, i, bytes) => (bytes[i] = i + 1));
  const seeFast = warmUp(loop, copy, 0, target, source, 5, 3, 17);

  for (const [at, from, length] of [[5, 3, 17], [0, 0, 24 * size], [16 * size, 0, 24 * size], [40 * size - 1, 24 * size - 1, 1], [40 * size, 24 * size, 0]] as const) {
    bytesOf(target).fill(0);
    assert.equal(loop(copy, 1, target, source, at, from, length), 0);
    const wanted = new Uint8Array(40 * size);
    wanted.set(bytesOf(source).subarray(from, from + length), at);
    assert.deepEqual(bytesOf(target), wanted);
  }

  bytesOf(target).fill(0);
  for (const [at, from, length] of [[40 * size - 3, 0, 4], [0, 24 * size - 3, 4], [-1, 0, 4], [0, -1, 4], [0, 0, -1], [2 ** 32 - 1, 0, 1], [0, 2 ** 32 - 1, 2 ** 32 - 1]] as const) {
    assert.equal(loop(copy, 1, target, source, at, from, length), EINVAL);
  }
  assert.equal(bytesOf(target).every((byte) => byte === 0), true);
  seeFast();
}

/** Combines, an array with itself too. */
function combines({ kind, type, combine }: OfKind): void {
  const loop = looping(`callee(${SUM}, ${kind}, a, at, b, from, a, at, length)`);
  const size = type.BYTES_PER_ELEMENT;
  const sums = new type(20);
  const ones = new type(20);
  ones.fill(one(kind) as never);
  const seeFast = warmUp(loop, combine, 0, sums, ones, size, 0, 19);

  sums.fill((kind === Kind.BigInt64 || kind === Kind.BigUint64 ? 0n : 0) as never);
  assert.equal(loop(combine, 3, sums, ones, size, 0, 19), 0);
  assert.deepEqual(Array.from(sums as Float64Array, Number), [0, ...new Array<number>(19).fill(3)]);
  assert.equal(loop(combine, 1, ones, ones, 0, 0, 20), 0);
  assert.deepEqual(Array.from(ones as Float64Array, Number), new Array<number>(20).fill(2));
  for (const [at, from, length] of [[size, 0, 20], [0, size, 20], [-size, 0, 1], [0, 0, -1], [2 ** 32 - 1, 0, 1], [0, 0, 2 ** 31], [0, 0, 2 ** 32 - 1]] as const) {
    assert.equal(loop(combine, 1, sums, ones, at, from, length), BAD_RANGE);
  }
  assert.deepEqual(Array.from(sums as Float64Array, Number), [0, ...new Array<number>(19).fill(3)]);
  seeFast();
}

/** Writes records: six words, and the payload behind the eighth. */
function puts({ type, put }: OfKind, isOneOfMany: number): void {
  const region = new Int32Array(64);
  const loop = looping(`callee(a, at, from, 2, 3, 4, b, length, ${isOneOfMany})`);
  const array = new type(16);
  bytesOf(array).forEach((__, i, bytes) => (bytes[i] = i + 1));
  const seeFast = warmUp(loop, put, 0, region, array, 8, -5, 15);

  for (const length of [0, 1, 15, 16 * type.BYTES_PER_ELEMENT]) {
    region.fill(-1);
    assert.equal(loop(put, 1, region, array, 8, -5, length), 0);
    assert.deepEqual([...region.subarray(7, 16)], [-1, -5, 2, 3, 4, length, -1, -1, -1]);
    assert.deepEqual(bytesOf(region).subarray(64, 64 + length), bytesOf(array).subarray(0, length));
    assert.equal(bytesOf(region).subarray(64 + length).every((byte) => byte === 255), true);
  }

  region.fill(-1);
  for (const [at, length] of [[8, 16 * type.BYTES_PER_ELEMENT + 1], [8, -1], [8, 2 ** 32 - 1], [-1, 1], [56, 1], [2 ** 32 - 1, 1]] as const) {
    assert.equal(loop(put, 1, region, array, at, 1, length), EINVAL);
  }
  assert.equal(region.every((word) => word === -1), true);
  seeFast();
}

/** Takes bytes that begin at a word. */
function takes({ type, take }: OfKind): void {
  const region = Int32Array.from({ length: 64 }, (_, i) => 0x01010101 * (i + 1));
  const loop = looping('callee(a, at, b, length)');
  const array = new type(16);
  const seeFast = warmUp(loop, take, 0, region, array, 8, 0, 15);

  const most = array.byteLength;
  for (const [at, length] of [[8, 0], [8, 1], [8, 15], [0, most], [64 - most / 4, most], [64, 0]] as const) {
    bytesOf(array).fill(255);
    assert.equal(loop(take, 1, region, array, at, 0, length), 0);
    assert.deepEqual(bytesOf(array).subarray(0, length), bytesOf(region).subarray(4 * at, 4 * at + length));
    assert.equal(bytesOf(array).subarray(length).every((byte) => byte === 255), true);
  }

  bytesOf(array).fill(255);
  for (const [at, length] of [[8, most + 1], [8, -1], [8, 2 ** 32 - 1], [-1, 1], [63, 5], [64, 1], [2 ** 32 - 1, 1]] as const) {
    assert.equal(loop(take, 1, region, array, at, 0, length), EINVAL);
  }
  assert.equal(bytesOf(array).every((byte) => byte === 255), true);
  seeFast();
}

/** Yields, until a word changes or for a number of times, in compiled code too. */
function yields(): void {
  const loop = looping('callee(a, b, b, at, from, 1, 0, 1)') as unknown as (callee: unknown, calls: number, a: TypedArray, b: TypedArray, at: number, from: number) => number;
  const words = Int32Array.from({ length: 128 }, (_, i) => i);
  // Positions that are the values found there.
  const same = Int32Array.of(3, 9);
  const seeFast = warmUp(loop, fast.yieldWhileSame, 0, words, same, 2, 1, 0);
  assert.equal(loop(fast.yieldWhileSame, 10, words, same, 2, 3), 0);
  for (const bad of [Int32Array.of(3, -1), Int32Array.of(3, 128), Int32Array.of(3)]) assert.equal(loop(fast.yieldWhileSame, 1, words, bad, 2, 1), EINVAL);
  words[9] = 8;
  // It would take hours to yield so often.
  assert.equal(loop(fast.yieldWhileSame, 1, words, same, 2, 2 ** 32 - 1), 0);
  seeFast();
}

/** Goes on in the ordinary way with arrays of another kind, in shared memory, resized and transferred ones. */
function goesOn({ type, copy }: OfKind): void {
  const loop = looping('callee(a, at, b, from, length, 0)');
  const array = new type(8);
  bytesOf(array).fill(3);
  warmUp(loop, copy, 0, new type(8), array, 0, 0, 8);

  const other = new Int16Array(8);
  assert.equal(loop(copy, 1, other, array, 1, 0, 8), 0);
  assert.deepEqual([...bytesOf(other).subarray(0, 10)], [0, 3, 3, 3, 3, 3, 3, 3, 3, 0]);

  const shared = new type(new SharedArrayBuffer(16) as unknown as ArrayBuffer, 8, 8 / type.BYTES_PER_ELEMENT);
  assert.equal(loop(copy, 1, shared, array, 0, 0, 8), 0);
  assert.deepEqual([...new Uint8Array(shared.buffer)], [0, 0, 0, 0, 0, 0, 0, 0, 3, 3, 3, 3, 3, 3, 3, 3]);

  const buffer = new (ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer & { resize: (bytes: number) => void })(8, { maxByteLength: 64 });
  const tracking = new (type as unknown as new (buffer: ArrayBuffer) => TypedArray)(buffer);
  assert.equal(loop(copy, 1, tracking, array, 0, 0, 8), 0);
  assert.equal(bytesOf(tracking).every((byte) => byte === 3), true);
  buffer.resize(0);
  assert.equal(loop(copy, 1, tracking, array, 0, 0, 8), EINVAL);

  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  assert.equal(loop(copy, 1, new type(8), array, 0, 0, 8), EINVAL);
}

assert.equal(fast.hasDirectCalls, HAS_FAST_CALLS);
yields();
for (const ofKind of KINDS) {
  copies(ofKind);
  combines(ofKind);
  for (const isOneOfMany of [0, 1]) puts(ofKind, isOneOfMany);
  takes(ofKind);
  goesOn(ofKind);
}
