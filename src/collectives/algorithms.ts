import { type Buf, byteLengthOf, type Kind } from '../comm/elements';
import { doublingAllreduce } from './allreduce-doubling';
import { ringAllreduce } from './allreduce-ring';
import { disseminationBarrier } from './barrier';
import { binomialBcast } from './bcast-binomial';
import { chainBcast } from './bcast-chain';
import { type Board, BOARD_BYTES } from './board';
import type { Reduction } from './combine';
import { boardAllreduce, boardBarrier, boardBcast, boardReduce } from './on-board';
import { binomialReduce } from './reduce-binomial';
import { chainReduce } from './reduce-chain';
import type { Team } from './team';

/*
 * Which algorithm runs when: by the length of the data, which is the same on every rank. Up to the limit the number
 * of rounds counts, above it the bytes that each rank moves. Measured crossovers on two cores.
 */
const BCAST_TREE_BYTES = 64 * 1024;
const REDUCE_TREE_BYTES = 256 * 1024;
const ALLREDUCE_DOUBLING_BYTES = 128 * 1024;
/** Two ranks exchange longer reductions whole as well, as long as the room for what comes is worth it. */
const PAIR_BYTES = 2 * 1024 * 1024;

const isShortFor = (team: Team, byteLength: number, limit: number): boolean => byteLength <= (team.size === 2 ? PAIR_BYTES : limit);

/** The first collective opens the board whatever its length, so that ranks that differ in it are not out of step at once. */
function boardFor(team: Team, byteLength: number): Board | null {
  const { board } = team;
  return byteLength <= BOARD_BYTES ? board : null;
}

export function barrier(team: Team): void {
  if (team.size === 1) return;
  const { board } = team;
  if (board !== null) boardBarrier(board);
  else disseminationBarrier(team);
}

export function bcast(team: Team, buf: Buf, kind: Kind, root: number): void {
  if (team.size === 1) return;
  const board = boardFor(team, byteLengthOf(buf, kind));
  if (board !== null) boardBcast(board, team.rank, buf, kind, root);
  else if (buf.byteLength <= BCAST_TREE_BYTES || team.size === 2) binomialBcast(team, buf, root);
  else chainBcast(team, buf, root);
}

/**
 * @param own this rank's elements
 * @param result where the root leaves the result, of the same length; may be `own`. Null elsewhere
 */
export function reduce(team: Team, reduction: Reduction, own: Buf, result: Buf | null, root: number): void {
  const board = boardFor(team, own.length * reduction.elementBytes);
  if (board !== null) boardReduce(board, team.size, reduction, own, result, team.parts);
  else if (isShortFor(team, own.byteLength, REDUCE_TREE_BYTES)) binomialReduce(team, reduction, own, result, root);
  else chainReduce(team, reduction, own, result, root);
}

/** @param own this rank's elements @param result where the result goes, of the same length; may be `own` */
export function allreduce(team: Team, reduction: Reduction, own: Buf, result: Buf): void {
  const board = boardFor(team, own.length * reduction.elementBytes);
  if (board !== null) {
    boardAllreduce(board, team.size, reduction, own, result, team.parts);
  } else if (isShortFor(team, own.byteLength, ALLREDUCE_DOUBLING_BYTES)) {
    doublingAllreduce(team, reduction, own, result);
  } else if (reduction.op.commute) {
    ringAllreduce(team, reduction, own, result);
  } else {
    reduce(team, reduction, own, team.rank === 0 ? result : null, 0);
    bcast(team, result, reduction.kind, 0);
  }
}
