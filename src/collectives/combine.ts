import { ARRAY_TYPES, type Buf, elementBytesOf, Kind } from '../comm/elements';
import { Views } from '../comm/views';
import { ZivmError } from '../errors';
import { fast } from '../native';
import type { Op } from './op';

/** Elements of one type that are to be reduced, as bytes: the arrays may be of any type. */
export interface Reduction {
  op: Op;
  kind: Kind;
  elementBytes: number;
}

/** Checks that an operation can be applied to `count` elements of a type. @throws ZivmError `ERR_ZIVM_OP`, `ERR_ZIVM_COUNT` */
export function checkReduction(op: Op, kind: Kind, count: number, call: string): Reduction {
  if (op.blockLength !== 1 && count % op.blockLength !== 0) {
    throw new ZivmError('ERR_ZIVM_COUNT', `${call}: ${count} elements are no whole number of blocks of ${op.blockLength}`, { call });
  }
  return (op.reductions[kind] ??= reductionOf(op, kind, call));
}

function reductionOf(op: Op, kind: Kind, call: string): Reduction {
  if (op.kernel === -2) {
    throw new ZivmError('ERR_ZIVM_OP', `${call}: Op.${op.name} is for one-sided communication, not for reductions`, { call });
  }
  if (isBitwise(op) && (kind === Kind.Float32 || kind === Kind.Float64)) {
    throw new ZivmError('ERR_ZIVM_OP', `${call}: Op.${op.name} wants integers: use an integer array, or a bigint`, { call });
  }
  return { op, kind, elementBytes: elementBytesOf(kind) };
}

const isBitwise = (op: Op): boolean => op.name === 'BAND' || op.name === 'BOR' || op.name === 'BXOR';

/**
 * out = left op right, element by element; `out` may be one of the two. Offsets are in bytes from the start of each
 * array, or of the region, counts in elements.
 */
export function combine(
  { op, kind, elementBytes }: Reduction,
  left: Buf | Views,
  leftOffset: number,
  right: Buf | Views,
  rightOffset: number,
  out: Buf | Views,
  outOffset: number,
  count: number,
): void {
  if (op.apply === undefined) {
    if (apply(op.kernel, kind, arrayOf(left, kind), leftOffset, arrayOf(right, kind), rightOffset, arrayOf(out, kind), outOffset, count) !== 0) throw new ZivmError('ERR_ZIVM_INTERNAL', `Op.${op.name}: the kernel refused ${count} elements of type ${kind}`);
    return;
  }
  const byteLength = count * elementBytes;
  const input = copyOf(kind, arrayOf(left, kind), leftOffset, byteLength);
  const inout = copyOf(kind, arrayOf(right, kind), rightOffset, byteLength);
  op.apply(input, inout);
  bytesOf(arrayOf(out, kind), outOffset, byteLength).set(bytesOf(inout, 0, byteLength));
}

function arrayOf(operand: Buf | Views, kind: Kind): Buf {
  return operand instanceof Views ? operand.ofKind[kind]! : operand;
}

/** Direct calls take numbers below 2^32. */
const MOST = 2 ** 32 - 1;

/** One call for each kind that V8 hands over to C without a detour. */
function apply(kernel: number, kind: Kind, left: Buf, leftOffset: number, right: Buf, rightOffset: number, out: Buf, outOffset: number, count: number): number {
  if (leftOffset > MOST || rightOffset > MOST || outOffset > MOST || count > MOST) {
    return fast.combine(kernel, kind, left, leftOffset, right, rightOffset, out, outOffset, count);
  }
  switch (kind) {
    case Kind.Float64:
      return fast.combineFloat64(kernel, kind, left, leftOffset, right, rightOffset, out, outOffset, count);
    case Kind.Float32:
      return fast.combineFloat32(kernel, kind, left, leftOffset, right, rightOffset, out, outOffset, count);
    case Kind.Int32:
      return fast.combineInt32(kernel, kind, left, leftOffset, right, rightOffset, out, outOffset, count);
    case Kind.Uint32:
      return fast.combineUint32(kernel, kind, left, leftOffset, right, rightOffset, out, outOffset, count);
    case Kind.Uint8:
      return fast.combineUint8(kernel, kind, left, leftOffset, right, rightOffset, out, outOffset, count);
    case Kind.BigInt64:
      return fast.combineBigInt64(kernel, kind, left, leftOffset, right, rightOffset, out, outOffset, count);
    case Kind.BigUint64:
      return fast.combineBigUint64(kernel, kind, left, leftOffset, right, rightOffset, out, outOffset, count);
    default:
      return fast.combine(kernel, kind, left, leftOffset, right, rightOffset, out, outOffset, count);
  }
}

/** The user's function gets arrays of its own: it can neither keep nor change what others see. */
function copyOf(kind: Kind, array: Buf, offset: number, byteLength: number): Buf {
  const copy = new ARRAY_TYPES[kind]!(byteLength / ARRAY_TYPES[kind]!.BYTES_PER_ELEMENT);
  bytesOf(copy, 0, byteLength).set(bytesOf(array, offset, byteLength));
  return copy;
}

function bytesOf(array: Buf, offset: number, byteLength: number): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset + offset, byteLength);
}
