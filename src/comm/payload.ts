import { ZivmError } from '../errors';
import { fast } from '../native';
import { publish } from '../ring/order';
import {
  RECORD_CONTEXT,
  RECORD_KIND,
  RECORD_LENGTH,
  RECORD_NUMBER,
  RECORD_PAYLOAD,
  RECORD_TAG,
} from '../ring/layout';
import { type Buf, Kind } from './elements';
import type { Views } from './views';

/*
 * Payloads on their way between users' arrays and the region. Compiled code calls the functions that move them as C calls C, when the
 * array is of the kind that a function is for; so there is one for each kind. Even so a call takes some 10 ns, and a few bytes a third
 * of that without one. (Numbers do not go by one: a NaN need not come through a variable of JavaScript with all its bits.)
 */

/** Up to here bytes go without a call. */
const FEW_BYTES = 8;

/** Whether compiled code calls functions that move bytes without a detour. */
const DIRECT = fast.hasDirectCalls;

/** Who is to read what is copied. */
const FOR_ITSELF = 0;
const FOR_OTHERS = 1;

/** Copies bytes [from, from + byteLength) of an array of a kind to byte `at` of the region. */
export function copyIn(views: Views, at: number, kind: Kind, array: Buf, from: number, byteLength: number): void {
  if (copy(kind, views.ofKind[kind]!, at, array, from, byteLength, FOR_OTHERS) !== 0) throw outOfBounds();
}

/** Copies `byteLength` bytes at byte `at` of the region to byte `to` of an array of a kind. */
export function copyOut(views: Views, at: number, kind: Kind, array: Buf, to: number, byteLength: number): void {
  if (copy(kind, array, to, views.ofKind[kind]!, at, byteLength, FOR_ITSELF) !== 0) throw outOfBounds();
}

/** As `copyIn` from the beginning of an array to a word of the region. What is left of the last word may be overwritten. */
export function copyInWords(views: Views, word: number, kind: Kind, array: Buf, byteLength: number): void {
  if (kind === Kind.Uint8 && byteLength <= FEW_BYTES) copyFewIn(views.int32, word, array as Uint8Array, byteLength);
  else copyIn(views, word * 4, kind, array, 0, byteLength);
}

/** As `copyOut` from a word of the region to the beginning of an array. */
export function copyOutWords(views: Views, word: number, kind: Kind, array: Buf, byteLength: number): void {
  if (kind === Kind.Uint8 && byteLength <= FEW_BYTES) copyFewOut(views.int32, word, array as Uint8Array, byteLength);
  else if (take(views.int32, word, kind, array, byteLength) !== 0) throw outOfBounds();
}

/**
 * Writes a record that was claimed, with all of a message, and publishes it under a number. All of its
 * first line is written in one go: a receiver that looks at it takes it away as soon as something is written there.
 * @param word kind and flags
 * @param isOneOfMany others may follow at once: a call then asks for their lines, and if it is a direct one it is the quicker way for a few bytes too
 */
export function putMessage({ int32 }: Views, record: number, number: number, word: number, context: number, tag: number, kind: Kind, array: Buf, byteLength: number, isOneOfMany: boolean): void {
  if (kind === Kind.Uint8 && byteLength <= FEW_BYTES && !(isOneOfMany && DIRECT)) {
    copyFewIn(int32, record + RECORD_PAYLOAD, array as Uint8Array, byteLength);
    int32[record + RECORD_KIND] = word;
    int32[record + RECORD_CONTEXT] = context;
    int32[record + RECORD_TAG] = tag;
    int32[record + RECORD_LENGTH] = byteLength;
    publish(int32, record + RECORD_NUMBER, number);
  } else if (put(int32, record, number, word, context, tag, kind, array, byteLength, isOneOfMany ? 1 : 0) !== 0) {
    throw outOfBounds();
  }
}

/*
 * There is no loop, and nearly every index is a constant: a byte costs four instructions, where it costs ten in a loop.
 */

function copyFewIn(words: Int32Array, word: number, array: Uint8Array, byteLength: number): void {
  if (byteLength > array.length) throw outOfBounds();
  const rest = byteLength & 3;
  if (byteLength >= 4) words[word] = array[0]! | (array[1]! << 8) | (array[2]! << 16) | (array[3]! << 24);
  if (byteLength === 8) words[word + 1] = array[4]! | (array[5]! << 8) | (array[6]! << 16) | (array[7]! << 24);
  else if (rest > 0) words[word + (byteLength >> 2)] = restIn(array, byteLength - rest, rest);
}

/** The last bytes, fewer than a word has. */
function restIn(array: Uint8Array, first: number, byteLength: number): number {
  let bits = array[first]!;
  if (byteLength > 1) bits |= array[first + 1]! << 8;
  if (byteLength > 2) bits |= array[first + 2]! << 16;
  return bits;
}

function copyFewOut(words: Int32Array, word: number, array: Uint8Array, byteLength: number): void {
  if (byteLength > array.length) throw outOfBounds();
  const rest = byteLength & 3;
  if (byteLength >= 4) {
    const bits = words[word]!;
    array[0] = bits;
    array[1] = bits >> 8;
    array[2] = bits >> 16;
    array[3] = bits >> 24;
  }
  if (byteLength === 8) {
    const bits = words[word + 1]!;
    array[4] = bits;
    array[5] = bits >> 8;
    array[6] = bits >> 16;
    array[7] = bits >> 24;
  } else if (rest > 0) {
    restOut(words[word + (byteLength >> 2)]!, array, byteLength - rest, rest);
  }
}

function restOut(bits: number, array: Uint8Array, first: number, byteLength: number): void {
  array[first] = bits;
  if (byteLength > 1) array[first + 1] = bits >> 8;
  if (byteLength > 2) array[first + 2] = bits >> 16;
}

/** Direct calls take numbers below 2^32. */
const MOST = 2 ** 32 - 1;

/*
 * The most usual kinds come first, and the others elsewhere: a short function is more easily put into its caller by V8.
 */

function copy(kind: Kind, to: Buf, toOffset: number, from: Buf, fromOffset: number, byteLength: number, forOthers: number): number {
  if (toOffset > MOST || fromOffset > MOST || byteLength > MOST) return fast.copy(to, toOffset, from, fromOffset, byteLength, forOthers);
  if (kind === Kind.Uint8) return fast.copyUint8(to, toOffset, from, fromOffset, byteLength, forOthers);
  if (kind === Kind.Float64) return fast.copyFloat64(to, toOffset, from, fromOffset, byteLength, forOthers);
  return copyOther(kind, to, toOffset, from, fromOffset, byteLength, forOthers);
}

function copyOther(kind: Kind, to: Buf, toOffset: number, from: Buf, fromOffset: number, byteLength: number, forOthers: number): number {
  switch (kind) {
    case Kind.Float32:
      return fast.copyFloat32(to, toOffset, from, fromOffset, byteLength, forOthers);
    case Kind.Int32:
      return fast.copyInt32(to, toOffset, from, fromOffset, byteLength, forOthers);
    case Kind.Uint32:
      return fast.copyUint32(to, toOffset, from, fromOffset, byteLength, forOthers);
    case Kind.BigInt64:
      return fast.copyBigInt64(to, toOffset, from, fromOffset, byteLength, forOthers);
    case Kind.BigUint64:
      return fast.copyBigUint64(to, toOffset, from, fromOffset, byteLength, forOthers);
    default:
      return fast.copy(to, toOffset, from, fromOffset, byteLength, forOthers);
  }
}

function put(words: Int32Array, record: number, number: number, word: number, context: number, tag: number, kind: Kind, array: Buf, byteLength: number, forMany: number): number {
  if (kind === Kind.Uint8) return fast.putUint8(words, record, number, word, context, tag, array, byteLength, forMany);
  if (kind === Kind.Float64) return fast.putFloat64(words, record, number, word, context, tag, array, byteLength, forMany);
  return putOther(words, record, number, word, context, tag, kind, array, byteLength, forMany);
}

function putOther(words: Int32Array, record: number, number: number, word: number, context: number, tag: number, kind: Kind, array: Buf, byteLength: number, forMany: number): number {
  switch (kind) {
    case Kind.Float32:
      return fast.putFloat32(words, record, number, word, context, tag, array, byteLength, forMany);
    case Kind.Int32:
      return fast.putInt32(words, record, number, word, context, tag, array, byteLength, forMany);
    case Kind.Uint32:
      return fast.putUint32(words, record, number, word, context, tag, array, byteLength, forMany);
    case Kind.BigInt64:
      return fast.putBigInt64(words, record, number, word, context, tag, array, byteLength, forMany);
    case Kind.BigUint64:
      return fast.putBigUint64(words, record, number, word, context, tag, array, byteLength, forMany);
    default:
      return fast.put(words, record, number, word, context, tag, array, byteLength, forMany);
  }
}

function take(words: Int32Array, word: number, kind: Kind, array: Buf, byteLength: number): number {
  if (kind === Kind.Uint8) return fast.takeUint8(words, word, array, byteLength);
  if (kind === Kind.Float64) return fast.takeFloat64(words, word, array, byteLength);
  return takeOther(words, word, kind, array, byteLength);
}

function takeOther(words: Int32Array, word: number, kind: Kind, array: Buf, byteLength: number): number {
  switch (kind) {
    case Kind.Float32:
      return fast.takeFloat32(words, word, array, byteLength);
    case Kind.Int32:
      return fast.takeInt32(words, word, array, byteLength);
    case Kind.Uint32:
      return fast.takeUint32(words, word, array, byteLength);
    case Kind.BigInt64:
      return fast.takeBigInt64(words, word, array, byteLength);
    case Kind.BigUint64:
      return fast.takeBigUint64(words, word, array, byteLength);
    default:
      return fast.take(words, word, array, byteLength);
  }
}

function outOfBounds(): ZivmError {
  return new ZivmError('ERR_ZIVM_TYPE', 'the buffer is shorter than it was when the call began: it must not be resized or transferred');
}
