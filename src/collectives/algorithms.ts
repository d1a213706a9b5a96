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
const REDUCE_TREE_BYTES = 32 * 1024;
/** Not above the longest eager message: the ranks of a pair send first and receive then. */
const ALLREDUCE_DOUBLING_BYTES = 16 * 1024;

/** The first collective opens the board whatever its length, so that ranks that differ in it are not out of step at once. */
function boardFor(team: Team, byteLength: number): Board | null {
  const { board } = team;
  return byteLength <= BOARD_BYTES ? board : null;
}

export function barrier(team: Team): void {
  if (team.size === 1) return;
  const { board } = team;
  if (board !== null) boardBarrier(board, team.size);
  else disseminationBarrier(team);
}

export function bcast(team: Team, buf: Buf, kind: Kind, root: number): void {
  if (team.size === 1) return;
  const board = boardFor(team, byteLengthOf(buf, kind));
  if (board !== null) boardBcast(board, team.rank, buf, kind, root);
  else if (buf.byteLength <= BCAST_TREE_BYTES || team.size === 2) binomialBcast(team, buf, root);
  else chainBcast(team, buf, root);
}

/** @param mine this rank's elements, which become intermediate results; at the root, the result */
export function reduce(team: Team, reduction: Reduction, mine: Buf, root: number): void {
  const board = boardFor(team, mine.length * reduction.elementBytes);
  if (board !== null) boardReduce(board, team.rank, team.size, reduction, mine, root, team.parts);
  else if (mine.byteLength <= REDUCE_TREE_BYTES) binomialReduce(team, reduction, mine, root);
  else chainReduce(team, reduction, mine, root);
}

/** @param mine this rank's elements; becomes the result */
export function allreduce(team: Team, reduction: Reduction, mine: Buf): void {
  if (team.size === 1) return;
  const board = boardFor(team, mine.length * reduction.elementBytes);
  if (board !== null) {
    boardAllreduce(board, team.size, reduction, mine, team.parts);
  } else if (mine.byteLength <= ALLREDUCE_DOUBLING_BYTES) {
    doublingAllreduce(team, reduction, mine);
  } else if (reduction.op.commute) {
    ringAllreduce(team, reduction, mine);
  } else {
    reduce(team, reduction, mine, 0);
    bcast(team, mine, reduction.kind, 0);
  }
}
