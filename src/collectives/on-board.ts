import type { Buf, Kind } from '../comm/elements';
import { type Board, NOTHING } from './board';
import { combine, type Reduction } from './combine';
import type { Views } from '../comm/views';
import { combineShort, copyShort, indexOf, isShort, isShortCopy } from './combine-short';
import { copyIn } from '../comm/payload';

const NO_RANK = -1;

/*
 * Collectives that are one operation on a board: everybody reads what it needs straight from the others' slots.
 */

export function boardBarrier(board: Board): void {
  board.begin();
  board.meet(NOTHING);
}

export function boardBcast(board: Board, rank: number, buf: Buf, kind: Kind, root: number): void {
  board.begin();
  if (rank === root) {
    board.publish(buf, kind);
    board.lead();
  } else {
    board.publishNothing();
    board.wait(root);
    board.copyOut(root, buf, kind);
  }
}

/**
 * Every rank combines the data of all in the order of ranks: all get the same bits. The first two do not read their elements where they have just
 * written them: the processor would wait until the lines are theirs.
 * @param own this rank's elements
 * @param result where the result goes; may be `own`
 */
export function boardAllreduce(board: Board, rank: number, size: number, reduction: Reduction, own: Buf, result: Buf, views: Views): void {
  board.begin();
  board.meet(writeOwn(board, reduction, own, views));
  combineAll(board, size, reduction, directly(rank), own, result, views);
}

/**
 * The root publishes nothing if it combines straight out of its own array.
 * @param own this rank's elements @param result where the root leaves the result; may be `own`. Null elsewhere
 */
export function boardReduce(board: Board, rank: number, size: number, reduction: Reduction, own: Buf, result: Buf | null, views: Views): void {
  board.begin();
  const direct = result === null ? NO_RANK : directly(rank);
  board.publishWritten(direct === NO_RANK ? writeOwn(board, reduction, own, views) : NOTHING);
  if (result === null) return;
  board.waitForAll();
  combineAll(board, size, reduction, direct, own, result, views);
}

/** The rank whose elements come straight out of its own array: the first or the second operand. A later one may be overwritten before its turn, for it may be where the result goes. */
const directly = (rank: number): number => (rank < 2 ? rank : NO_RANK);

/** Writes this rank's elements to where the others read them. @returns their length in bytes */
function writeOwn(board: Board, { kind, elementBytes }: Reduction, own: Buf, views: Views): number {
  const byteLength = own.length * elementBytes;
  const at = board.ownData(byteLength);
  if (isShortCopy(kind, byteLength)) copyShort(own, views.ofKind[kind]!, indexOf(at, elementBytes));
  else copyIn(views, at, kind, own, 0, byteLength);
  return byteLength;
}

/** @param direct the rank, 0 or 1, whose elements are not on the board but in `own`; or NO_RANK */
function combineAll(board: Board, size: number, reduction: Reduction, direct: number, own: Buf, result: Buf, views: Views): void {
  const { op, kind, elementBytes } = reduction;
  const count = result.length;
  const byteLength = count * elementBytes;
  const leftAt = direct === 0 ? 0 : board.dataOf(0, byteLength);
  const rightAt = direct === 1 ? 0 : board.dataOf(1, byteLength);
  if (isShort(op, kind, byteLength)) {
    const region = views.ofKind[kind]!;
    combineShort(op, direct === 0 ? own : region, indexOf(leftAt, elementBytes), direct === 1 ? own : region, indexOf(rightAt, elementBytes), result);
    for (let rank = 2; rank < size; rank++) {
      combineShort(op, result, 0, region, indexOf(board.dataOf(rank, byteLength), elementBytes), result);
    }
    return;
  }
  combine(reduction, direct === 0 ? own : views, leftAt, direct === 1 ? own : views, rightAt, result, 0, count);
  for (let rank = 2; rank < size; rank++) {
    combine(reduction, result, 0, views, board.dataOf(rank, byteLength), result, 0, count);
  }
}
