import { type Buf, byteLengthOf, type Kind } from '../comm/elements';
import { doublingAllreduce } from './allreduce-doubling';
import { ringAllreduce } from './allreduce-ring';
import { disseminationBarrier } from './barrier';
import { binomialBcast } from './bcast-binomial';
import { chainBcast } from './bcast-chain';
import type { Board } from './board';
import type { Reduction } from './combine';
import { boardAllreduce, boardBarrier, boardBcast, boardReduce } from './on-board';
import { pairAllreduce, pairBcast, pairReduce } from './on-pair';
import { binomialReduce } from './reduce-binomial';
import { chainReduce } from './reduce-chain';
import { rootedReduce, stagedBcast, stagedReduce } from './staged';
import type { Team } from './team';

/*
 * Which algorithm runs when: by the length of the data, which is the same on every rank, and by whether there is a board.
 * Measured crossovers on two cores.
 */

/** Up to here a collective is one operation on the board: who wants the data of all reads all of it. */
const WHOLE_BYTES = 2 * 1024;
/** Two ranks read each other's data either way. */
const WHOLE_BYTES_OF_TWO = 32 * 1024;
/** Where ranks share cores, a second operation takes a turn of all of them, which is dearer than to combine more, if that is quick. */
const WHOLE_BYTES_OF_CROWD = 64 * 1024;

/** Messages: up to these limits the number of rounds counts, above them the bytes that each rank moves. */
const BCAST_TREE_BYTES = 64 * 1024;
const REDUCE_TREE_BYTES = 256 * 1024;
const ALLREDUCE_DOUBLING_BYTES = 128 * 1024;
/** Two ranks reduce longer data whole as well, as long as the room for what comes is worth it. */
const TREE_BYTES_OF_TWO = 2 * 1024 * 1024;

const limitFor = (team: Team, limit: number, limitOfTwo: number): number => (team.size === 2 ? limitOfTwo : limit);

/** An operation of the user's takes so long that all ranks had better share the work. */
const isQuick = ({ op }: Reduction): boolean => op.apply === undefined;

function isWhole(team: Team, board: Board, byteLength: number, reduction?: Reduction): boolean {
  const limit = board.isCrowded && (reduction === undefined || isQuick(reduction)) ? WHOLE_BYTES_OF_CROWD : WHOLE_BYTES;
  return byteLength <= Math.min(board.mostBytes, limitFor(team, limit, WHOLE_BYTES_OF_TWO));
}

/** Pieces are whole blocks, and have to fit. */
const blocksFit = (board: Board, { op, elementBytes }: Reduction): boolean => op.blockLength * elementBytes <= board.mostBytes;
const isStaged = (team: Team, board: Board, reduction: Reduction): boolean => team.size > 2 && blocksFit(board, reduction);

export function barrier(team: Team): void {
  if (team.size === 1) return;
  const { board } = team;
  if (board !== null) boardBarrier(board);
  else disseminationBarrier(team);
}

export function bcast(team: Team, buf: Buf, kind: Kind, root: number): void {
  if (team.size === 1) return;
  const { board } = team;
  const byteLength = byteLengthOf(buf, kind);
  if (board !== null && isWhole(team, board, byteLength)) boardBcast(board, team.rank, buf, kind, root);
  else if (team.pair?.carries(byteLength)) pairBcast(team, team.pair, buf, kind, root);
  else if (board !== null && team.size > 2) stagedBcast(board, team.rank, buf, kind, root);
  else if (byteLength <= BCAST_TREE_BYTES || team.size === 2) binomialBcast(team, buf, root);
  else chainBcast(team, buf, root);
}

/**
 * @param own this rank's elements
 * @param result where the root leaves the result, of the same length; may be `own`. Null elsewhere
 */
export function reduce(team: Team, reduction: Reduction, own: Buf, result: Buf | null, root: number): void {
  const { board } = team;
  const byteLength = own.length * reduction.elementBytes;
  if (board !== null && isWhole(team, board, byteLength, reduction)) boardReduce(board, team.rank, team.size, reduction, own, result, team.views);
  else if (board?.isCrowded && isStaged(team, board, reduction) && isQuick(reduction)) rootedReduce(board, team.size, reduction, own, result, team.views);
  else if (board !== null && isStaged(team, board, reduction)) stagedReduce(board, team.rank, team.size, reduction, own, result, false, team.views);
  else if (board !== null && blocksFit(board, reduction) && team.pair?.carries(byteLength)) pairReduce(team, team.pair, reduction, own, result);
  else if (byteLength <= limitFor(team, REDUCE_TREE_BYTES, TREE_BYTES_OF_TWO)) binomialReduce(team, reduction, own, result, root);
  else chainReduce(team, reduction, own, result, root);
}

/** @param own this rank's elements @param result where the result goes, of the same length; may be `own` */
export function allreduce(team: Team, reduction: Reduction, own: Buf, result: Buf): void {
  const { board } = team;
  const byteLength = own.length * reduction.elementBytes;
  if (board !== null && isWhole(team, board, byteLength, reduction)) {
    boardAllreduce(board, team.rank, team.size, reduction, own, result, team.views);
  } else if (board !== null && isStaged(team, board, reduction)) {
    stagedReduce(board, team.rank, team.size, reduction, own, result, true, team.views);
  } else if (isQuick(reduction) && board !== null && blocksFit(board, reduction) && team.pair?.carries(byteLength)) {
    pairAllreduce(team, team.pair, reduction, own, result);
  } else if (byteLength <= limitFor(team, ALLREDUCE_DOUBLING_BYTES, TREE_BYTES_OF_TWO)) {
    doublingAllreduce(team, reduction, own, result);
  } else if (reduction.op.commute) {
    ringAllreduce(team, reduction, own, result);
  } else {
    reduce(team, reduction, own, team.rank === 0 ? result : null, 0);
    bcast(team, result, reduction.kind, 0);
  }
}
