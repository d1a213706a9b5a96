import { type Buf, Kind } from '../comm/elements';
import { Op } from './op';

/** Up to here a loop in JavaScript is quicker than a native call. */
const MOST_BYTES = 32;

/** Whether combineShort does this operation. */
export function isShort(op: Op, kind: Kind, byteLength: number): boolean {
  return (
    byteLength <= MOST_BYTES &&
    (kind === Kind.Float64 || kind === Kind.Int32 || kind === Kind.Float32) &&
    (op === Op.SUM || op === Op.MIN || op === Op.MAX)
  );
}

/** Whether copyShort is the quickest way for such elements to the region. */
export function isShortCopy(kind: Kind, byteLength: number): boolean {
  return byteLength <= MOST_BYTES && (kind === Kind.Float64 || kind === Kind.Int32 || kind === Kind.Float32);
}

/** Which element of such a kind begins at a byte: divided by a constant, which is a shift and not a division. */
export function indexOf(at: number, elementBytes: number): number {
  return elementBytes === 8 ? at / 8 : at / 4;
}

/** Copies an array to elements `at` and following of another of its type. A NaN may lose bits, as in any operation on it. */
export function copyShort(from: Buf, to: Buf, at: number): void {
  const a = from as Float64Array;
  const b = to as Float64Array;
  const { length } = a;
  for (let i = 0; i < length; i++) b[at + i] = a[i]!;
}

/**
 * out = left op right for the few elements of `out`, with the same results as the native kernels. The operands are
 * elements `leftAt` and `rightAt` and following of arrays of its type; `out` may be one of the two.
 */
export function combineShort(op: Op, left: Buf, leftAt: number, right: Buf, rightAt: number, out: Buf): void {
  const a = left as Float64Array;
  const b = right as Float64Array;
  const c = out as Float64Array;
  const { length } = c;
  if (op === Op.SUM) for (let i = 0; i < length; i++) c[i] = a[leftAt + i]! + b[rightAt + i]!;
  else if (op === Op.MIN) for (let i = 0; i < length; i++) c[i] = Math.min(a[leftAt + i]!, b[rightAt + i]!);
  else for (let i = 0; i < length; i++) c[i] = Math.max(a[leftAt + i]!, b[rightAt + i]!);
}
