import { ZivmError } from '../errors';
import { native } from '../native';
import type { Views } from '../ring/views';
import { type Buf, elementBytesOf, Kind } from './elements';
import type { Parts } from './parts';
import type { UserWords } from './user-words';

/*
 * Copies between a user's array and the region. A few bytes go quickest by words, through a view of the user's array
 * under words: 64 bytes take 70 ns less than with `set`. From there on `set` of typed arrays is the quickest way to move
 * bytes that JavaScript has; a native call costs twice as much. `set` copies all of its source: what goes out is all of
 * the user's array, what comes in needs a view of just the part to be copied. A few single bytes go by a loop.
 * (Numbers do not: a NaN need not come through a variable of JavaScript with all of its bits.)
 */

/** Up to here by words, where an array has a view under words. */
const WORDS_BYTES = 256;
/** Up to here by a loop, where bytes have none. */
const FEW_BYTES = 32;

/** Copies a whole array to byte `at` of the region, a multiple of 8. */
export function copyWhole(views: Views, at: number, kind: Kind, array: Buf, byteLength: number, user: UserWords): void {
  if (byteLength <= WORDS_BYTES && (byteLength & 7) === 0) {
    const words = user.of(array);
    if (words !== null && words.length >= byteLength >>> 3) {
      return copyWords(words, 0, views.bigInt64, at >>> 3, byteLength >>> 3);
    }
  }
  switch (kind) {
    case Kind.Uint8:
      if (array.length <= FEW_BYTES) return copyFewIn(views, at, array as Uint8Array);
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

/** Eight in each turn: the turn itself, and V8's look for interrupts in it, take as long as two. */
function copyWords(from: BigInt64Array, fromAt: number, to: BigInt64Array, toAt: number, count: number): void {
  let i = 0;
  for (; i <= count - 8; i += 8) {
    const source = fromAt + i;
    const target = toAt + i;
    to[target] = from[source]!;
    to[target + 1] = from[source + 1]!;
    to[target + 2] = from[source + 2]!;
    to[target + 3] = from[source + 3]!;
    to[target + 4] = from[source + 4]!;
    to[target + 5] = from[source + 5]!;
    to[target + 6] = from[source + 6]!;
    to[target + 7] = from[source + 7]!;
  }
  for (; i < count; i++) to[toAt + i] = from[fromAt + i]!;
}

function copyFewIn({ uint8, int32 }: Views, at: number, array: Uint8Array): void {
  const { length } = array;
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    int32[(at + i) >>> 2] = array[i]! | (array[i + 1]! << 8) | (array[i + 2]! << 16) | (array[i + 3]! << 24);
  }
  for (; i < length; i++) uint8[at + i] = array[i]!;
}

function copyFewOut({ uint8, int32 }: Views, at: number, array: Uint8Array, byteLength: number): void {
  if (array.length < byteLength) throw outOfBounds();
  let i = 0;
  for (; i + 4 <= byteLength; i += 4) {
    const word = int32[(at + i) >>> 2]!;
    array[i] = word;
    array[i + 1] = word >> 8;
    array[i + 2] = word >> 16;
    array[i + 3] = word >> 24;
  }
  for (; i < byteLength; i++) array[i] = uint8[at + i]!;
}

/** Copies bytes [from, from + byteLength) of an array to byte `at` of the region. */
export function copyPart(views: Views, at: number, array: Buf, from: number, byteLength: number): void {
  if (native.copyIn(views.handle, at, array, from, byteLength) !== undefined) throw outOfBounds();
}

/** Copies `byteLength` bytes at byte `at` of the region, a multiple of 8, to the start of an array that is long enough. */
export function copyOut(parts: Parts, at: number, kind: Kind, array: Buf, byteLength: number): void {
  if (byteLength <= WORDS_BYTES && (byteLength & 7) === 0) {
    const words = parts.user.of(array);
    if (words !== null && words.length >= byteLength >>> 3) {
      return copyWords(parts.views.bigInt64, at >>> 3, words, 0, byteLength >>> 3);
    }
  }
  if (kind === Kind.Uint8 && byteLength <= FEW_BYTES) return copyFewOut(parts.views, at, array as Uint8Array, byteLength);
  const elementBytes = elementBytesOf(kind);
  if ((byteLength & (elementBytes - 1)) === 0) (array as Uint8Array).set(parts.view(at, kind, byteLength) as Uint8Array);
  else copyOutAt(parts.views, at, array, 0, byteLength);
}

/** Copies `byteLength` bytes at byte `at` of the region to byte `to` of an array. */
export function copyOutAt(views: Views, at: number, array: Buf, to: number, byteLength: number): void {
  if (native.copyOut(views.handle, at, array, to, byteLength) !== undefined) throw outOfBounds();
}

function outOfBounds(): ZivmError {
  return new ZivmError('ERR_ZIVM_TYPE', 'the buffer is shorter than it was when the call began: it must not be resized or transferred');
}
