import { type Buf, byteLengthOf, type Kind } from '../comm/elements';
import { doublingAllreduce } from './allreduce-doubling';
import { ringAllreduce } from './allreduce-ring';
import { disseminationBarrier } from './barrier';
import { binomialBcast } from './bcast-binomial';
import { chainBcast } from './bcast-chain';
import type { Reduction } from './combine';
import { boardAllreduce, boardBarrier, boardBcast, boardReduce } from './on-board';
import { binomialReduce } from './reduce-binomial';
import { chainReduce } from './reduce-chain';
import { stagedBcast, stagedReduce } from './staged';
import type { Team } from './team';

/*
 * Which algorithm runs when: by the length of the data, which is the same on every rank, and by whether there is a board.
 * Measured crossovers on two cores.
 */

/** Up to here every rank reads all of everybody's data: one operation on the board. */
const WHOLE_BYTES = 2048;
const ROOT_BYTES = 2048;
/** Up to here two ranks use the board whole; longer data is copied straight out of each other's memory. */
const PAIR_BOARD_BYTES = 16 * 1024;

/** Without a board, up to the limit the number of rounds counts, above it the bytes that each rank moves. */
const BCAST_TREE_BYTES = 64 * 1024;
const REDUCE_TREE_BYTES = 256 * 1024;
const ALLREDUCE_DOUBLING_BYTES = 128 * 1024;
/** Two ranks exchange longer reductions whole as well, as long as the room for what comes is worth it. */
const PAIR_BYTES = 2 * 1024 * 1024;

const limitFor = (team: Team, limit: number, limitOfTwo: number): number => (team.size === 2 ? limitOfTwo : limit);

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
  if (board !== null && byteLength <= Math.min(board.mostBytes, limitFor(team, board.mostBytes, PAIR_BOARD_BYTES))) boardBcast(board, team.rank, buf, kind, root);
  else if (board !== null && team.size > 2) stagedBcast(board, team.rank, buf, root);
  else if (buf.byteLength <= BCAST_TREE_BYTES || team.size === 2) binomialBcast(team, buf, root);
  else chainBcast(team, buf, root);
}

/**
 * @param own this rank's elements
 * @param result where the root leaves the result, of the same length; may be `own`. Null elsewhere
 */
export function reduce(team: Team, reduction: Reduction, own: Buf, result: Buf | null, root: number): void {
  const { board } = team;
  const byteLength = own.length * reduction.elementBytes;
  if (board !== null && byteLength <= Math.min(board.mostBytes, limitFor(team, ROOT_BYTES, PAIR_BOARD_BYTES))) boardReduce(board, team.size, reduction, own, result, team.parts);
  else if (board !== null && team.size > 2) stagedReduce(board, team.rank, team.size, reduction, own, result, team.parts.views);
  else if (byteLength <= limitFor(team, REDUCE_TREE_BYTES, PAIR_BYTES)) binomialReduce(team, reduction, own, result, root);
  else chainReduce(team, reduction, own, result, root);
}

/** @param own this rank's elements @param result where the result goes, of the same length; may be `own` */
export function allreduce(team: Team, reduction: Reduction, own: Buf, result: Buf): void {
  const { board } = team;
  const byteLength = own.length * reduction.elementBytes;
  if (board !== null && byteLength <= Math.min(board.mostBytes, limitFor(team, WHOLE_BYTES, PAIR_BOARD_BYTES))) {
    boardAllreduce(board, team.size, reduction, own, result, team.parts);
  } else if (board !== null && team.size > 2) {
    stagedReduce(board, team.rank, team.size, reduction, own, result, team.parts.views);
  } else if (byteLength <= limitFor(team, ALLREDUCE_DOUBLING_BYTES, PAIR_BYTES)) {
    doublingAllreduce(team, reduction, own, result);
  } else if (reduction.op.commute) {
    ringAllreduce(team, reduction, own, result);
  } else {
    reduce(team, reduction, own, team.rank === 0 ? result : null, 0);
    bcast(team, result, reduction.kind, 0);
  }
}
