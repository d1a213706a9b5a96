import { type Buf, Kind } from '../comm/elements';
import { Op } from './op';

/** Up to here a loop in JavaScript is quicker than a native call. */
const MOST_ELEMENTS = 16;

/** Whether combineShort does this operation. */
export function isShort(op: Op, kind: Kind, count: number): boolean {
  return (
    count <= MOST_ELEMENTS &&
    (kind === Kind.Float64 || kind === Kind.Int32 || kind === Kind.Float32) &&
    (op === Op.SUM || op === Op.MIN || op === Op.MAX)
  );
}

/** out = left op right for few elements, with the same results as the native kernels; `out` may be one of the two. */
export function combineShort(op: Op, left: Buf, right: Buf, out: Buf): void {
  const a = left as Float64Array;
  const b = right as Float64Array;
  const c = out as Float64Array;
  if (op === Op.SUM) for (let i = 0; i < c.length; i++) c[i] = a[i]! + b[i]!;
  else if (op === Op.MIN) for (let i = 0; i < c.length; i++) c[i] = Math.min(a[i]!, b[i]!);
  else for (let i = 0; i < c.length; i++) c[i] = Math.max(a[i]!, b[i]!);
}
