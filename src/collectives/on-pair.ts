import { ARRAY_TYPES, type Buf, byteLengthOf, type Kind } from '../comm/elements';
import { copyOut } from '../comm/payload';
import type { Views } from '../comm/views';
import { ZivmError } from '../errors';
import { combine, type Reduction } from './combine';
import type { Pair } from './pair';
import { wholeBlocks } from './reduce-chain';
import { bytes, type Team } from './team';

/*
 * Collectives of two ranks that pass long data from one to the other.
 */

/** So much of the other operand is copied at a time: each time the kernel has to find the pages, and there has to be memory for it. */
const OPERAND_BYTES = 1024 * 1024;

/** The root gives its data, and reads nothing. */
export function pairBcast(team: Team, pair: Pair, buf: Buf, kind: Kind, root: number): void {
  const passing = { pieceBytes: pair.board.mostBytes, checksLength: false };
  if (team.rank === root) {
    pair.send(buf, kind, passing);
    return;
  }
  const byteLength = byteLengthOf(buf, kind);
  pair.receive(byteLength, passing, {
    takePiece: (at, offset, pieceBytes) => copyOut(team.views, at, kind, buf, offset, pieceBytes),
    takeAll: (read) => read(bytes(buf, 0, byteLength), 0),
  });
}

/**
 * A reduction to rank 0, which then gives the result: that moves as much as if both gave all of their data, and combines half as much.
 * @param own this rank's elements
 * @param result where the result goes; may be `own`
 */
export function pairAllreduce(team: Team, pair: Pair, reduction: Reduction, own: Buf, result: Buf): void {
  try {
    pairReduce(team, pair, reduction, own, team.rank === 0 ? result : null);
  } catch (error) {
    // Other lengths both ranks have noticed. Of anything else rank 1 knows nothing, and waits for the result.
    if (team.rank === 0 && !(error instanceof ZivmError && error.code === 'ERR_ZIVM_TRUNCATE')) pair.giveUp();
    throw error;
  }
  pairBcast(team, pair, result, reduction.kind, 0);
}

/**
 * The root combines what the other gives with its own, in the order of ranks.
 * @param own this rank's elements
 * @param result where the root leaves the result; may be `own`. Null elsewhere
 */
export function pairReduce(team: Team, pair: Pair, reduction: Reduction, own: Buf, result: Buf | null): void {
  const { kind, elementBytes } = reduction;
  const { rank, views } = team;
  const passing = { pieceBytes: wholeBlocks(pair.board.mostBytes, reduction), checksLength: true };
  if (result === null) {
    pair.send(own, kind, passing);
    return;
  }
  const take = (theirs: Buf | Views, at: number, offset: number, byteLength: number): void => {
    const count = byteLength / elementBytes;
    if (rank === 0) combine(reduction, own, offset, theirs, at, result, offset, count);
    else combine(reduction, theirs, at, own, offset, result, offset, count);
  };
  const byteLength = byteLengthOf(own, kind);
  pair.receive(byteLength, passing, {
    takePiece: (at, offset, pieceBytes) => take(views, at, offset, pieceBytes),
    takeAll: (read) => {
      const operandBytes = Math.min(wholeBlocks(OPERAND_BYTES, reduction), byteLength);
      for (let offset = 0; offset < byteLength; offset += operandBytes) {
        const operand = bytes(team.scratch(operandBytes), 0, Math.min(operandBytes, byteLength - offset));
        if (!read(operand, offset)) {
          if (offset === 0) return false;
          // The kernel has allowed it before: the process is gone.
          throw new ZivmError('ERR_ZIVM_PEER_FAILED', `rank ${1 - rank} has ended while its data was being copied`, { rank: 1 - rank });
        }
        // Of the other operand's type: compiled code calls the kernel directly then.
        take(new ARRAY_TYPES[kind]!(operand.buffer as ArrayBuffer, operand.byteOffset, operand.byteLength / elementBytes), 0, offset, operand.byteLength);
      }
      return true;
    },
  });
}
