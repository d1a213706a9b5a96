import type { Buf, Kind } from '../comm/elements';
import type { Views } from '../comm/views';
import { type Board, FAILED } from './board';
import { combine, type Reduction } from './combine';
import { wholeBlocks } from './reduce-chain';

/*
 * Long collectives on a board: piece by piece, each piece one operation or two. Every rank has to be given a core once
 * for each, where a tree or a ring of messages takes turns for every step.
 */

/** The root lays the pieces out, and all others copy them. A rank with another length goes through the root's pieces, for the others' sake. */
export function stagedBcast(board: Board, rank: number, buf: Buf, kind: Kind, root: number): void {
  let failure: { error: unknown } | undefined;
  let left = buf.byteLength;
  const mostBytes = board.mostBytesOfOne;
  for (let offset = 0; left > 0; offset += mostBytes) {
    const pieceBytes = Math.min(mostBytes, left);
    board.beginOfOne(root);
    if (rank === root) {
      board.writePartOfOne(buf, kind, offset, pieceBytes, left);
      board.publishWritten(left);
    } else {
      board.publishNothing();
      board.wait(root);
      try {
        if (failure === undefined) board.copyOutPartOfOne(root, buf, kind, offset, pieceBytes, left);
      } catch (error) {
        failure = { error };
      }
      if (failure !== undefined) left = board.bytesLeft(root);
    }
    left -= mostBytes;
  }
  if (failure !== undefined) throw failure.error;
}

/**
 * Where ranks share cores and the operation is quick: each rank lays its pieces out, and the root combines them, in the order of ranks. Shares that all
 * combine (see below) would take one turn more of all ranks on the cores for each piece.
 * @param own this rank's elements
 * @param result where the root leaves the result; may be `own`. Null elsewhere
 */
export function rootedReduce(board: Board, size: number, reduction: Reduction, own: Buf, result: Buf | null, views: Views): void {
  const { kind, elementBytes } = reduction;
  const { byteLength } = own;
  const mostBytes = wholeBlocks(board.mostBytes, reduction);
  let failure: { error: unknown } | undefined;
  for (let offset = 0; offset < byteLength; offset += mostBytes) {
    const left = byteLength - offset;
    const pieceBytes = Math.min(mostBytes, left);
    board.begin();
    board.writePart(own, kind, offset, pieceBytes, left);
    if (offset === 0) {
      board.meet(left);
      // Ranks with other lengths would go through other numbers of pieces: all notice it here.
      for (let of = 0; of < size; of++) board.checkLength(of, left);
    } else {
      board.publishWritten(left);
      if (result !== null) board.waitForAll();
    }
    if (result === null || failure !== undefined) continue;
    try {
      const count = pieceBytes / elementBytes;
      combine(reduction, views, board.dataOf(0, left), views, board.dataOf(1, left), result, offset, count);
      for (let of = 2; of < size; of++) combine(reduction, result, offset, views, board.dataOf(of, left), result, offset, count);
    } catch (error) {
      failure = { error };
    }
  }
  if (failure !== undefined) throw failure.error;
}

/**
 * Each rank combines a share of every piece, in the order of ranks, and lays the result out: for all, or for the root
 * alone (reduce-scatter and gather: Rabenseifner, "Optimization of collective reduction operations", 2004). Every
 * element is combined in one place, so every rank gets the same bits.
 * @param own this rank's elements
 * @param result where the result goes, if this rank wants it; may be `own`
 * @param isForAll every rank wants it: then they all wait together
 */
export function stagedReduce(
  board: Board,
  rank: number,
  size: number,
  reduction: Reduction,
  own: Buf,
  result: Buf | null,
  isForAll: boolean,
  views: Views,
): void {
  const { byteLength } = own;
  const mostBytes = wholeBlocks(board.mostBytes, reduction);
  let failure: { error: unknown } | undefined;
  for (let offset = 0; offset < byteLength; offset += mostBytes) {
    const left = byteLength - offset;
    const pieceBytes = Math.min(mostBytes, left);
    const shares = new Shares(pieceBytes, size, reduction);
    board.begin();
    board.writePart(own, reduction.kind, offset, pieceBytes, left);
    board.meet(left);
    const operands = Array.from({ length: size }, (_, of) => board.dataOf(of, left) + shares.start(rank));

    board.begin();
    const shareBytes = shares.length(rank);
    let published = shareBytes;
    try {
      combineAll(reduction, views, operands, board.ownData(shareBytes), shareBytes / reduction.elementBytes);
    } catch (error) {
      // An operation of the user's: the others go on, and are told.
      published = FAILED;
      failure ??= { error };
    }
    if (isForAll) board.meet(published);
    else board.publishWritten(published);
    if (result === null || failure !== undefined) continue;
    try {
      for (let of = 0; of < size; of++) {
        if (!isForAll) board.wait(of);
        board.copyOutPart(of, result, reduction.kind, offset + shares.start(of), shares.length(of), shares.length(of));
      }
    } catch (error) {
      failure ??= { error };
    }
  }
  if (failure !== undefined) throw failure.error;
}

/** What each rank combines of a piece: whole blocks, as equal as they go. */
class Shares {
  private readonly pieceBytes: number;
  private readonly shareBytes: number;

  constructor(pieceBytes: number, size: number, reduction: Reduction) {
    const blockBytes = reduction.op.blockLength * reduction.elementBytes;
    this.pieceBytes = pieceBytes;
    this.shareBytes = Math.ceil(pieceBytes / blockBytes / size) * blockBytes;
  }

  start(rank: number): number {
    return Math.min(this.pieceBytes, rank * this.shareBytes);
  }

  length(rank: number): number {
    return Math.min(this.shareBytes, this.pieceBytes - this.start(rank));
  }
}

function combineAll(reduction: Reduction, views: Views, operands: number[], out: number, count: number): void {
  if (count === 0) return;
  combine(reduction, views, operands[0]!, views, operands[1]!, views, out, count);
  for (let of = 2; of < operands.length; of++) combine(reduction, views, out, views, operands[of]!, views, out, count);
}
