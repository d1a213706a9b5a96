import { ZivmError } from '../errors';
import { native } from '../native';
import type { Views } from '../ring/views';
import { type Buf, Kind } from './elements';

/*
 * Copies between a user's array and the region. A native call costs as much as moving a KiB, and `set` needs a
 * view of just the part to be copied. So: a whole array goes out with `set`, which needs no view; what comes in
 * is copied element by element while it is short, and natively when it is long.
 */

/** Up to here a loop over elements is quicker than a native call. */
const LOOP_ELEMENTS = 16;

/** Copies a whole array to byte `at` of the region, a multiple of 8. */
export function copyWhole(views: Views, at: number, kind: Kind, array: Buf): void {
  switch (kind) {
    case Kind.Uint8:
      return views.uint8.set(array as Uint8Array, at);
    case Kind.Float64:
      return views.float64.set(array as Float64Array, at >>> 3);
    case Kind.Float32:
      return views.float32.set(array as Float32Array, at >>> 2);
    case Kind.Int32:
      return views.int32.set(array as Int32Array, at >>> 2);
    case Kind.Int8:
      return views.int8.set(array as Int8Array, at);
    case Kind.Uint8Clamped:
      return views.uint8Clamped.set(array as Uint8ClampedArray, at);
    case Kind.Int16:
      return views.int16.set(array as Int16Array, at >>> 1);
    case Kind.Uint16:
      return views.uint16.set(array as Uint16Array, at >>> 1);
    case Kind.Uint32:
      return views.uint32.set(array as Uint32Array, at >>> 2);
    case Kind.BigInt64:
      return views.bigInt64.set(array as BigInt64Array, at >>> 3);
    case Kind.BigUint64:
      return views.bigUint64.set(array as BigUint64Array, at >>> 3);
  }
}

/** Copies bytes [from, from + byteLength) of an array to byte `at` of the region. */
export function copyPart(views: Views, at: number, array: Buf, from: number, byteLength: number): void {
  if (native.copyIn(views.handle, at, array, from, byteLength) !== undefined) throw outOfBounds();
}

/** Copies `byteLength` bytes at byte `at` of the region to the start of an array that is long enough. */
export function copyOut(views: Views, at: number, kind: Kind, array: Buf, byteLength: number): void {
  if (kind === Kind.Uint8 && byteLength <= LOOP_ELEMENTS) {
    const target = array as Uint8Array;
    for (let i = 0; i < byteLength; i++) target[i] = views.uint8[at + i]!;
  } else if (kind === Kind.Float64 && byteLength <= LOOP_ELEMENTS * 8 && (byteLength & 7) === 0) {
    const target = array as Float64Array;
    for (let i = 0, from = at >>> 3, n = byteLength >>> 3; i < n; i++) target[i] = views.float64[from + i]!;
  } else if (kind === Kind.Int32 && byteLength <= LOOP_ELEMENTS * 4 && (byteLength & 3) === 0) {
    const target = array as Int32Array;
    for (let i = 0, from = at >>> 2, n = byteLength >>> 2; i < n; i++) target[i] = views.int32[from + i]!;
  } else {
    copyOutAt(views, at, array, 0, byteLength);
  }
}

/** Copies `byteLength` bytes at byte `at` of the region to byte `to` of an array. */
export function copyOutAt(views: Views, at: number, array: Buf, to: number, byteLength: number): void {
  if (native.copyOut(views.handle, at, array, to, byteLength) !== undefined) throw outOfBounds();
}

function outOfBounds(): ZivmError {
  return new ZivmError('ERR_ZIVM_TYPE', 'the buffer is shorter than it was when the call began: it must not be resized or transferred');
}
