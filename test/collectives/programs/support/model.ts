import { type Buf, Op } from 'zivm';

/** Element types, with the wrap-around of a typed array and a number for each seed that the tests use. */
export const ELEMENT_TYPES = [
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

export type ElementType = (typeof ELEMENT_TYPES)[number];
export type Value = number | bigint;

export const isFloat = (type: ElementType): boolean => type === Float32Array || type === Float64Array;
export const isBig = (type: ElementType): boolean => type === BigInt64Array || type === BigUint64Array;
export const isBitwise = (op: Op): boolean => op === Op.BAND || op === Op.BOR || op === Op.BXOR;

export const OPS: readonly Op[] = [
  Op.SUM,
  Op.PROD,
  Op.MIN,
  Op.MAX,
  Op.LAND,
  Op.LOR,
  Op.LXOR,
  Op.BAND,
  Op.BOR,
  Op.BXOR,
  Op.MINLOC,
  Op.MAXLOC,
];

/** Long contributions repeat themselves, to save time: a number that no piece or share is a multiple of, and even for pairs. */
const PERIOD = 106;

/** An integer that depends on its arguments alone, from 0 to 2^32 - 1. */
export function hash(rank: number, index: number, salt: number): number {
  let h = Math.imul(rank + 1, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b) ^ Math.imul(salt + 1, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return (h ^ (h >>> 13)) >>> 0;
}

/** What a rank contributes: values that wrap in integers, are often zero for logical operations, and tie for MINLOC. */
export function contribution(type: ElementType, op: Op, rank: number, count: number, salt: number): Buf {
  const result = new type(count);
  for (let i = 0; i < Math.min(count, PERIOD); i++) {
    const h = hash(rank, i, salt);
    let value: number;
    if (op === Op.LAND || op === Op.LOR || op === Op.LXOR) value = h % 3;
    else if (op === Op.MINLOC || op === Op.MAXLOC) value = i % 2 === 0 ? h % 4 : (h >>> 8) % 100;
    else if (isFloat(type)) value = op === Op.PROD ? 0.5 + (h % 1000) / 1000 : ((h % 20_001) - 10_000) / 7;
    else value = h;
    result[i] = isBig(type) ? BigInt(value) * (op === Op.PROD || op === Op.SUM ? 0x9_1234_5677n : 1n) : value;
  }
  return repeatPeriod(result);
}

/** Fills an array with what its first elements are. */
function repeatPeriod(array: Buf): Buf {
  for (let at = PERIOD; at < array.length; at *= 2) array.copyWithin(at, 0, at);
  return array;
}

/** One element of a reduction; integers wrap when the result is stored into its array. Not for pairs. */
export function apply(op: Op, a: Value, b: Value): Value {
  const one = typeof a === 'bigint' ? 1n : 1;
  const zero = typeof a === 'bigint' ? 0n : 0;
  const logical = (truth: boolean): Value => (truth ? one : zero);
  switch (op) {
    case Op.MIN:
      return typeof a === 'number' ? Math.min(a, b as number) : a < b ? a : b;
    case Op.MAX:
      return typeof a === 'number' ? Math.max(a, b as number) : a > b ? a : b;
    case Op.LAND:
      return logical(a != zero && b != zero);
    case Op.LOR:
      return logical(a != zero || b != zero);
    case Op.LXOR:
      return logical((a != zero) !== (b != zero));
  }
  if (typeof a === 'bigint') {
    const other = b as bigint;
    if (op === Op.SUM) return a + other;
    if (op === Op.PROD) return a * other;
    if (op === Op.BAND) return a & other;
    return op === Op.BOR ? a | other : a ^ other;
  }
  const other = b as number;
  if (op === Op.SUM) return a + other;
  if (op === Op.PROD) return Number.isInteger(a) && Number.isInteger(other) ? exactProduct(a, other) : a * other;
  if (op === Op.BAND) return a & other;
  return op === Op.BOR ? a | other : a ^ other;
}

/** The low 32 bits count where integers wrap; a clamped array needs the magnitude, which is small there. */
function exactProduct(a: number, b: number): number {
  return Math.abs(a * b) <= Number.MAX_SAFE_INTEGER ? a * b : Math.imul(a, b);
}

/** The reduction of the contributions of all ranks, in rank order, element by element. */
export function model(type: ElementType, op: Op, size: number, count: number, salt: number): Buf {
  const modelled = Math.min(count, PERIOD);
  const result = contribution(type, op, 0, count, salt);
  for (let rank = 1; rank < size; rank++) {
    const next = contribution(type, op, rank, modelled, salt);
    if (op === Op.MINLOC || op === Op.MAXLOC) {
      for (let i = 0; i < modelled; i += 2) takePair(op, result, next, i);
    } else {
      for (let i = 0; i < modelled; i++) result[i] = apply(op, result[i]!, next[i]!);
    }
  }
  return repeatPeriod(result);
}

function takePair(op: Op, result: Buf, next: Buf, at: number): void {
  const [value, index] = [result[at]!, result[at + 1]!];
  const [otherValue, otherIndex] = [next[at]!, next[at + 1]!];
  const isBetter = op === Op.MINLOC ? otherValue < value : otherValue > value;
  if (isBetter || (otherValue === value && otherIndex < index)) {
    result[at] = otherValue;
    result[at + 1] = otherIndex;
  }
}
