import type { Buf } from '../comm/elements';
import type { Request } from '../comm/request';
import type { Status } from '../comm/status';
import { combine, type Reduction } from './combine';
import { bytes, forPieces, type Team, waitForSends } from './team';

const PIECE_BYTES = 64 * 1024;

/**
 * Pipelined chain, for long messages: the last rank passes its pieces to the one before it, which combines them with
 * its own, on the left, and passes them on. The operands stay in the order of the ranks counted from the root.
 * @param mine this rank's elements; at the root it becomes the result
 */
export function chainReduce(team: Team, reduction: Reduction, mine: Buf, root: number): void {
  const { size } = team;
  const relative = (team.rank - root + size) % size;
  const from = (relative + 1 + root) % size;
  const to = (relative - 1 + root + size) % size;
  const isLast = relative === size - 1;
  const pieceBytes = wholeBlocks(PIECE_BYTES, reduction);
  const theirs = isLast ? mine : new Uint8Array(mine.byteLength);
  const receives: Request<Status>[] = [];
  if (!isLast) {
    forPieces(mine.byteLength, pieceBytes, (offset, length) => receives.push(team.irecv(bytes(theirs, offset, length), from)));
  }
  const sends: Request<Status>[] = [];
  let piece = 0;
  forPieces(mine.byteLength, pieceBytes, (offset, length) => {
    if (!isLast) {
      receives[piece++]!.wait();
      combine(reduction, mine, offset, theirs, offset, mine, offset, length / reduction.elementBytes);
    }
    if (relative !== 0) sends.push(team.isend(bytes(mine, offset, length), to));
  });
  waitForSends(sends);
}

/** The largest number of bytes up to `limit`, at least one block, that cuts no block. */
export function wholeBlocks(limit: number, { op, elementBytes }: Reduction): number {
  const blockBytes = op.blockLength * elementBytes;
  return Math.max(blockBytes, limit - (limit % blockBytes));
}
