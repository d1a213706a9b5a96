import { ZivmError } from '../errors';
import { fast } from '../native';
import { publish } from '../ring/order';
import {
  RECORD_CONTEXT,
  RECORD_KIND,
  RECORD_LENGTH,
  RECORD_NUMBER,
  RECORD_PAYLOAD,
  RECORD_SEND_ID,
  RECORD_TAG,
} from '../ring/layout';
import { type Buf, Kind } from './elements';
import type { Views } from './views';

/*
 * Payloads on their way between users' arrays and the region. Compiled code calls the functions that move them as C calls C, when the
 * array is of the kind that a function is for; so there is one for each kind. Even so a call takes some 10 ns, and a few bytes less
 * than that in a loop. (Numbers do not go by one: a NaN need not come through a variable of JavaScript with all its bits.)
 */

/** Up to here bytes go by a loop. */
const FEW_BYTES = 8;

/** Who is to read what is copied. */
const FOR_ITSELF = 0;
const FOR_OTHERS = 1;

/** Copies bytes [from, from + byteLength) of an array of a kind to byte `at` of the region. */
export function copyIn(views: Views, at: number, kind: Kind, array: Buf, from: number, byteLength: number): void {
  if (kind === Kind.Uint8 && byteLength <= FEW_BYTES) copyFewIn(views, at, array as Uint8Array, from, byteLength);
  else if (copy(kind, views.ofKind[kind]!, at, array, from, byteLength, FOR_OTHERS) !== 0) throw outOfBounds();
}

/** Copies `byteLength` bytes at byte `at` of the region to byte `to` of an array of a kind. */
export function copyOut(views: Views, at: number, kind: Kind, array: Buf, to: number, byteLength: number): void {
  if (kind === Kind.Uint8 && byteLength <= FEW_BYTES) copyFewOut(views, at, array as Uint8Array, to, byteLength);
  else if (copy(kind, array, to, views.ofKind[kind]!, at, byteLength, FOR_ITSELF) !== 0) throw outOfBounds();
}

/**
 * Writes a record that was claimed, with all of a message, and publishes it under a number. All of its
 * first line is written in one go: a receiver that looks at it takes it away as soon as something is written there.
 * @param word kind and flags
 */
export function putMessage(views: Views, record: number, number: number, word: number, context: number, tag: number, kind: Kind, array: Buf, byteLength: number): void {
  if (kind === Kind.Uint8 && byteLength <= FEW_BYTES) {
    const words = views.int32;
    copyFewIn(views, (record + RECORD_PAYLOAD) * 4, array as Uint8Array, 0, byteLength);
    words[record + RECORD_KIND] = word;
    words[record + RECORD_CONTEXT] = context;
    words[record + RECORD_TAG] = tag;
    words[record + RECORD_LENGTH] = byteLength;
    words[record + RECORD_SEND_ID] = 0;
    publish(words, record + RECORD_NUMBER, number);
  } else if (put(views.int32, record, number, word, context, tag, kind, array, byteLength) !== 0) {
    throw outOfBounds();
  }
}

function copyFewIn({ int32, uint8 }: Views, at: number, array: Uint8Array, from: number, byteLength: number): void {
  if (from + byteLength > array.length || at + byteLength > uint8.length) throw outOfBounds();
  let i = 0;
  if ((at & 3) === 0) {
    for (; i + 4 <= byteLength; i += 4) {
      const k = from + i;
      int32[(at + i) >>> 2] = array[k]! | (array[k + 1]! << 8) | (array[k + 2]! << 16) | (array[k + 3]! << 24);
    }
  }
  for (; i < byteLength; i++) uint8[at + i] = array[from + i]!;
}

function copyFewOut({ int32, uint8 }: Views, at: number, array: Uint8Array, to: number, byteLength: number): void {
  if (to + byteLength > array.length || at + byteLength > uint8.length) throw outOfBounds();
  let i = 0;
  if ((at & 3) === 0) {
    for (; i + 4 <= byteLength; i += 4) {
      const word = int32[(at + i) >>> 2]!;
      array[to + i] = word;
      array[to + i + 1] = word >> 8;
      array[to + i + 2] = word >> 16;
      array[to + i + 3] = word >> 24;
    }
  }
  for (; i < byteLength; i++) array[to + i] = uint8[at + i]!;
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

function put(words: Int32Array, record: number, number: number, word: number, context: number, tag: number, kind: Kind, array: Buf, byteLength: number): number {
  if (kind === Kind.Uint8) return fast.putUint8(words, record, number, word, context, tag, array, byteLength);
  if (kind === Kind.Float64) return fast.putFloat64(words, record, number, word, context, tag, array, byteLength);
  return putOther(words, record, number, word, context, tag, kind, array, byteLength);
}

function putOther(words: Int32Array, record: number, number: number, word: number, context: number, tag: number, kind: Kind, array: Buf, byteLength: number): number {
  switch (kind) {
    case Kind.Float32:
      return fast.putFloat32(words, record, number, word, context, tag, array, byteLength);
    case Kind.Int32:
      return fast.putInt32(words, record, number, word, context, tag, array, byteLength);
    case Kind.Uint32:
      return fast.putUint32(words, record, number, word, context, tag, array, byteLength);
    case Kind.BigInt64:
      return fast.putBigInt64(words, record, number, word, context, tag, array, byteLength);
    case Kind.BigUint64:
      return fast.putBigUint64(words, record, number, word, context, tag, array, byteLength);
    default:
      return fast.put(words, record, number, word, context, tag, array, byteLength);
  }
}

function outOfBounds(): ZivmError {
  return new ZivmError('ERR_ZIVM_TYPE', 'the buffer is shorter than it was when the call began: it must not be resized or transferred');
}
