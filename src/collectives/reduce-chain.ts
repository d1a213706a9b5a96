import type { Buf } from '../comm/elements';
import type { Request } from '../comm/request';
import type { Status } from '../comm/status';
import { combine, type Reduction } from './combine';
import { forIncoming } from './incoming';
import { bytes, forPieces, type Team, waitForSends } from './team';

const PIECE_BYTES = 64 * 1024;

/**
 * Pipelined chain, for long messages: the last rank passes its pieces to the one before it, which combines them with
 * its own, on the left, and passes them on. The operands stay in the order of the ranks counted from the root.
 * @param own this rank's elements
 * @param result where the root leaves the result; may be `own`
 */
export function chainReduce(team: Team, reduction: Reduction, own: Buf, result: Buf | null, root: number): void {
  const { size } = team;
  const { byteLength } = own;
  const relative = (team.rank - root + size) % size;
  const from = (relative + 1 + root) % size;
  const to = (relative - 1 + root + size) % size;
  const pieceBytes = wholeBlocks(PIECE_BYTES, reduction);
  if (relative === size - 1) {
    const sends: Request<Status>[] = [];
    forPieces(byteLength, pieceBytes, (offset, length) => sends.push(team.isend(bytes(own, offset, length), to)));
    waitForSends(sends);
    return;
  }
  forIncoming(team, from, byteLength, pieceBytes, (theirs, offset) => {
    const count = theirs.byteLength / reduction.elementBytes;
    if (result !== null) {
      combine(reduction, own, offset, theirs, 0, result, offset, count);
      return undefined;
    }
    combine(reduction, own, offset, theirs, 0, theirs, 0, count);
    return team.isend(theirs, to);
  });
}

/** The largest number of bytes up to `limit`, at least one block, that cuts no block. */
export function wholeBlocks(limit: number, { op, elementBytes }: Reduction): number {
  const blockBytes = op.blockLength * elementBytes;
  return Math.max(blockBytes, limit - (limit % blockBytes));
}
