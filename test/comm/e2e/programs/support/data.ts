import assert from 'node:assert/strict';
import type { Buf } from 'zivm';

/** A kind of buffer that a user can send: a typed array type, or Node's Buffer. */
export interface BufferType {
  readonly name: string;
  readonly bytes: number;
  /** A view of `length` elements, `byteOffset` bytes into some memory. */
  view(memory: ArrayBuffer, byteOffset: number, length: number): Buf;
}

const TYPED_ARRAYS = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const;

export const BUFFER_TYPES: readonly BufferType[] = [
  ...TYPED_ARRAYS.map((type) => ({
    name: type.name,
    bytes: type.BYTES_PER_ELEMENT,
    view: (memory: ArrayBuffer, byteOffset: number, length: number): Buf => new type(memory, byteOffset, length),
  })),
  { name: 'Buffer', bytes: 1, view: (memory, byteOffset, length) => Buffer.from(memory, byteOffset, length) },
];

/** Elements around every receive buffer that nothing may touch. */
const GUARD_ELEMENTS = 3;
const UNTOUCHED = 0xa5;

/** The lengths at which something changes: a line, a pair of lines, a piece, the longest eager message; and around them. */
export const LENGTHS = [
  0, 1, 7, 8, 31, 32, 33, 95, 96, 97, 1023, 4096, 8191, 8192, 8193, 16384, 32767, 32768, 32769, 100_000,
];

/** A prime, so that the pattern never falls into step with pieces or lines. */
const BLOCK_BYTES = 65_521;
const BLOCK = makeBlock();

function makeBlock(): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  let state = 12345;
  for (let i = 0; i < BLOCK_BYTES; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    block[i] = state >>> 24;
  }
  return block;
}

export function bytesOf(buf: Buf): Buffer {
  return Buffer.from(buf.buffer as ArrayBuffer, buf.byteOffset, buf.byteLength);
}

/** Fills a buffer with bytes that depend on the seed and the position alone. */
export function fill<B extends Buf>(buf: B, seed: number): B {
  const target = bytesOf(buf);
  let from = (seed * 7919) % BLOCK_BYTES;
  for (let at = 0; at < target.length; ) {
    const copied = BLOCK.copy(target, at, from, BLOCK_BYTES);
    at += copied;
    from = 0;
  }
  return buf;
}

/** A new Uint8Array with the pattern of a seed. */
export function patterned(byteLength: number, seed: number): Uint8Array {
  return fill(new Uint8Array(byteLength), seed);
}

/** Whether a buffer starts with the pattern of a seed, `byteLength` bytes of it. */
export function hasPattern(buf: Buf, seed: number, byteLength = buf.byteLength): boolean {
  return bytesOf(buf).subarray(0, byteLength).equals(bytesOf(patterned(byteLength, seed)));
}

/** A receive buffer with sentinels before and behind it. */
export class Guarded {
  readonly buf: Buf;
  readonly #memory: Buffer;
  readonly #type: BufferType;

  /** @param shift elements by which the buffer is moved: an odd number makes its byte offset odd for types of one byte */
  constructor(type: BufferType, length: number, shift = 0) {
    const before = GUARD_ELEMENTS + shift;
    const memory = new ArrayBuffer((before + length + GUARD_ELEMENTS) * type.bytes);
    this.#memory = Buffer.from(memory).fill(UNTOUCHED);
    this.#type = type;
    this.buf = type.view(memory, before * type.bytes, length);
  }

  /** Checks that the pattern of a seed is in the first `length` elements, and that everything else is untouched. */
  expect(seed: number, length = this.buf.length, label = ''): void {
    const what = `${label} ${this.#type.name}[${length}] seed ${seed}`;
    const byteLength = length * this.#type.bytes;
    assert.ok(hasPattern(this.buf, seed, byteLength), `${what}: wrong contents`);
    const from = this.buf.byteOffset;
    assert.ok(isUntouched(this.#memory.subarray(0, from)), `${what}: written before the buffer`);
    assert.ok(isUntouched(this.#memory.subarray(from + byteLength)), `${what}: written past the message`);
  }

  /** Checks that nothing was received. */
  expectUntouched(label = ''): void {
    assert.ok(isUntouched(this.#memory), `${label} ${this.#type.name}: the buffer was written`);
  }
}

function isUntouched(bytes: Buffer): boolean {
  return bytes.equals(Buffer.alloc(bytes.length, UNTOUCHED));
}

/** A guarded buffer of bytes. */
export function guardedBytes(length: number): Guarded {
  return new Guarded(BUFFER_TYPES[1]!, length);
}
