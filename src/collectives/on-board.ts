import { type Buf, type Kind } from '../comm/elements';
import type { Board } from './board';
import { combine, type Reduction } from './combine';
import type { Parts } from '../comm/parts';
import { combineShort, copyShort, isShort, isShortCopy, shortView } from './combine-short';
import type { Views } from '../ring/views';

/*
 * Short collectives on a board: everybody reads what it needs straight from the others' slots.
 */

export function boardBarrier(board: Board): void {
  board.begin();
  board.publishNothing();
  board.waitForAll();
}

export function boardBcast(board: Board, rank: number, buf: Buf, kind: Kind, root: number): void {
  board.begin();
  if (rank === root) {
    board.publish(buf, kind);
    return;
  }
  board.publishNothing();
  board.wait(root);
  board.copyOut(root, buf, kind);
}

/**
 * Every rank combines the data of all in the order of ranks: all get the same bits.
 * @param own this rank's elements
 * @param result where the result goes; may be `own`
 */
export function boardAllreduce(board: Board, size: number, reduction: Reduction, own: Buf, result: Buf, parts: Parts): void {
  board.begin();
  publishOwn(board, reduction, own, parts.views);
  board.waitForAll();
  combineAll(board, size, reduction, result, parts);
}

/** @param own this rank's elements @param result where the root leaves the result; may be `own`. Null elsewhere */
export function boardReduce(board: Board, size: number, reduction: Reduction, own: Buf, result: Buf | null, parts: Parts): void {
  board.begin();
  publishOwn(board, reduction, own, parts.views);
  if (result === null) return;
  board.waitForAll();
  combineAll(board, size, reduction, result, parts);
}

function publishOwn(board: Board, { kind, elementBytes }: Reduction, own: Buf, views: Views): void {
  if (!isShortCopy(kind, own.length)) return board.publish(own, kind);
  copyShort(own, shortView(views, kind), board.ownData / elementBytes);
  board.publishWritten(own.length * elementBytes);
}

function combineAll(board: Board, size: number, reduction: Reduction, result: Buf, parts: Parts): void {
  const { op, kind, elementBytes } = reduction;
  const count = result.length;
  const byteLength = count * elementBytes;
  if (isShort(op, kind, count)) {
    const region = shortView(parts.views, kind);
    combineShort(op, region, board.dataOf(0, byteLength) / elementBytes, region, board.dataOf(1, byteLength) / elementBytes, result);
    for (let rank = 2; rank < size; rank++) {
      combineShort(op, result, 0, region, board.dataOf(rank, byteLength) / elementBytes, result);
    }
    return;
  }
  const { views } = parts;
  combine(reduction, views, board.dataOf(0, byteLength), views, board.dataOf(1, byteLength), result, 0, count);
  for (let rank = 2; rank < size; rank++) {
    combine(reduction, result, 0, views, board.dataOf(rank, byteLength), result, 0, count);
  }
}
