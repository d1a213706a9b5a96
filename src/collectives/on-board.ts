import { type Buf, type Kind } from '../comm/elements';
import type { Board } from './board';
import { combine, type Reduction } from './combine';
import type { Parts } from '../comm/parts';
import { combineShort, isShort } from './combine-short';

/*
 * Short collectives on a board: everybody reads what it needs straight from the others' slots.
 */

export function boardBarrier(board: Board, size: number): void {
  board.begin();
  board.publishNothing();
  for (let rank = 0; rank < size; rank++) board.wait(rank);
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
 * @param mine this rank's elements; becomes the result
 */
export function boardAllreduce(board: Board, size: number, reduction: Reduction, mine: Buf, parts: Parts): void {
  board.begin();
  board.publish(mine, reduction.kind);
  for (let rank = 0; rank < size; rank++) board.wait(rank);
  combineAll(board, size, reduction, mine, parts);
}

/** @param mine this rank's elements; at the root, becomes the result */
export function boardReduce(board: Board, rank: number, size: number, reduction: Reduction, mine: Buf, root: number, parts: Parts): void {
  board.begin();
  board.publish(mine, reduction.kind);
  if (rank !== root) return;
  for (let other = 0; other < size; other++) board.wait(other);
  combineAll(board, size, reduction, mine, parts);
}

function combineAll(board: Board, size: number, reduction: Reduction, mine: Buf, parts: Parts): void {
  const { op, kind, elementBytes } = reduction;
  const count = mine.length;
  const byteLength = count * elementBytes;
  if (isShort(op, kind, count)) {
    let left = parts.view(board.dataOf(0, byteLength), kind, byteLength);
    for (let rank = 1; rank < size; rank++) {
      combineShort(op, left, parts.view(board.dataOf(rank, byteLength), kind, byteLength), mine);
      left = mine;
    }
    return;
  }
  const region = parts.views.uint8;
  combine(reduction, region, board.dataOf(0, byteLength), region, board.dataOf(1, byteLength), mine, 0, count);
  for (let rank = 2; rank < size; rank++) {
    combine(reduction, mine, 0, region, board.dataOf(rank, byteLength), mine, 0, count);
  }
}
