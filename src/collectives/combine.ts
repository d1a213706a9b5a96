import { ARRAY_TYPES, type Buf, elementBytesOf, Kind } from '../comm/elements';
import { UserMemory } from '../comm/user-memory';
import { ZivmError } from '../errors';
import { type MemoryHandle, native } from '../native';
import { Views } from '../ring/views';
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

/** The user's arrays that were operands, and results, last. */
const LEFT = new UserMemory();
const RIGHT = new UserMemory();
const OUT = new UserMemory();

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
    const result = native.combine(op.kernel, kind, memoryOf(left, LEFT), leftOffset, memoryOf(right, RIGHT), rightOffset, memoryOf(out, OUT), outOffset, count);
    if (result !== 0) throw new ZivmError('ERR_ZIVM_INTERNAL', `Op.${op.name}: the kernel refused ${count} elements of type ${kind}`);
    return;
  }
  const byteLength = count * elementBytes;
  const input = copyOf(kind, left, leftOffset, byteLength);
  const inout = copyOf(kind, right, rightOffset, byteLength);
  op.apply(input, inout);
  bytesOf(out instanceof Views ? out.uint8 : out, outOffset, byteLength).set(bytesOf(inout, 0, byteLength));
}

function memoryOf(operand: Buf | Views, user: UserMemory): Buf | MemoryHandle {
  return operand instanceof Views ? operand.handle : user.of(operand);
}

/** The user's function gets arrays of its own: it can neither keep nor change what others see. */
function copyOf(kind: Kind, operand: Buf | Views, offset: number, byteLength: number): Buf {
  const array = operand instanceof Views ? operand.uint8 : operand;
  const copy = new ARRAY_TYPES[kind]!(byteLength / ARRAY_TYPES[kind]!.BYTES_PER_ELEMENT);
  bytesOf(copy, 0, byteLength).set(bytesOf(array, offset, byteLength));
  return copy;
}

function bytesOf(array: Buf, offset: number, byteLength: number): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset + offset, byteLength);
}
