import { ZivmError } from '../errors';
import type { TypedArray } from '../native';

export type { TypedArray };

/** Any typed array or Node `Buffer`. Counts are in its elements. */
export type Buf = TypedArray;

/** Element types; the numbers are those of native/kernels.h. */
export const enum Kind {
  Int8,
  Uint8,
  Uint8Clamped,
  Int16,
  Uint16,
  Int32,
  Uint32,
  Float32,
  Float64,
  BigInt64,
  BigUint64,
}

export type TypedArrayConstructor = {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): TypedArray;
  new (memory: ArrayBuffer, byteOffset: number, length: number): TypedArray;
};

/** Constructors by kind. */
export const ARRAY_TYPES: readonly TypedArrayConstructor[] = [
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
];

const ELEMENT_BYTES = ARRAY_TYPES.map((type) => type.BYTES_PER_ELEMENT);

/** Bytes of an element, a power of two. */
export function elementBytesOf(kind: Kind): number {
  return ELEMENT_BYTES[kind]!;
}

/** Bytes of an array of a known kind: `byteLength` is a call, `length` is compiled to a load. */
export function byteLengthOf(array: TypedArray, kind: Kind): number {
  return kind === Kind.Uint8 ? array.length : array.length * ELEMENT_BYTES[kind]!;
}

const TYPED_ARRAY = Object.getPrototypeOf(Uint8Array.prototype) as object;

/** The getter behind every typed array's tag: no property of the array can stand in for it, and V8 inlines it. */
const { get: tagOf } = Object.getOwnPropertyDescriptor(TYPED_ARRAY, Symbol.toStringTag) as { get: (this: unknown) => string | undefined };
/** As a property it is looked up anew for each kind of array, which takes longer than the answer. */
const { get: offsetOf } = Object.getOwnPropertyDescriptor(TYPED_ARRAY, 'byteOffset') as { get: (this: TypedArray) => number };

/** Where an array begins in its buffer. */
export function byteOffsetOf(array: TypedArray): number {
  return offsetOf.call(array);
}

/** The kind of a typed array, of whatever realm, or -1 for anything else. */
export function kindOf(value: unknown): Kind | -1 {
  switch (tagOf.call(value)) {
    case 'Uint8Array':
      return Kind.Uint8;
    case 'Float64Array':
      return Kind.Float64;
    case 'Float32Array':
      return Kind.Float32;
    case 'Int32Array':
      return Kind.Int32;
    case 'Int8Array':
      return Kind.Int8;
    case 'Uint8ClampedArray':
      return Kind.Uint8Clamped;
    case 'Int16Array':
      return Kind.Int16;
    case 'Uint16Array':
      return Kind.Uint16;
    case 'Uint32Array':
      return Kind.Uint32;
    case 'BigInt64Array':
      return Kind.BigInt64;
    case 'BigUint64Array':
      return Kind.BigUint64;
    default:
      return -1;
  }
}

/** The kind of a buffer argument. @throws ZivmError `ERR_ZIVM_TYPE` */
export function checkBuf(value: unknown, call: string): Kind {
  const kind = kindOf(value);
  if (kind === -1) throw notABuffer(value, call);
  return kind;
}

function notABuffer(value: unknown, call: string): ZivmError {
  const got = value === null ? 'null' : typeof value === 'object' ? value.constructor?.name : typeof value;
  return new ZivmError(
    'ERR_ZIVM_TYPE',
    `${call}: the buffer must be a typed array or a Buffer, not ${got}; other values go with ${call.replace(/^(i?)(.*)$/, objectCall)}`,
    { call },
  );
}

const OBJECT_CALLS: Record<string, string> = { send: 'sendObject', recv: 'recvObject', bcast: 'bcastObject' };

function objectCall(_: string, prefix: string, name: string): string {
  const base = OBJECT_CALLS[name] ?? 'sendObject and recvObject';
  return prefix === 'i' ? `i${base}` : base;
}
