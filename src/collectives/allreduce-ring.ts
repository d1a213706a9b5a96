import type { Buf } from '../comm/elements';
import type { Request } from '../comm/request';
import type { Status } from '../comm/status';
import { combine, type Reduction } from './combine';
import { wholeBlocks } from './reduce-chain';
import { bytes, forPieces, type Team, waitForSends } from './team';

const PIECE_BYTES = 64 * 1024;

/**
 * Ring, for long messages and operations that commute: each rank's share of the elements travels once around to be
 * reduced, then once more to be told (Patarasuk, Yuan, "Bandwidth optimal all-reduce algorithms", 2009). Every share
 * is reduced in one place, so every rank gets the same bits.
 * @param mine this rank's elements; becomes the result
 */
export function ringAllreduce(team: Team, reduction: Reduction, mine: Buf): void {
  const { rank, size } = team;
  const next = (rank + 1) % size;
  const previous = (rank - 1 + size) % size;
  const shareBytes = wholeBlocks(Math.ceil(mine.byteLength / size) + reduction.op.blockLength * reduction.elementBytes - 1, reduction);
  const pieceBytes = wholeBlocks(PIECE_BYTES, reduction);
  const theirs = team.scratch(shareBytes);

  /** Share `index`, counted around the ring, as offset and length. */
  const share = (index: number): { offset: number; length: number } => {
    const offset = Math.min(((index + size) % size) * shareBytes, mine.byteLength);
    return { offset, length: Math.min(shareBytes, mine.byteLength - offset) };
  };
  const sendShare = (index: number): Request<Status>[] => {
    const { offset, length } = share(index);
    const sends: Request<Status>[] = [];
    forPieces(length, pieceBytes, (at, piece) => sends.push(team.isend(bytes(mine, offset + at, piece), next)));
    return sends;
  };

  for (let step = 0; step < size - 1; step++) {
    const incoming = share(rank - step - 1);
    const receives: Request<Status>[] = [];
    forPieces(incoming.length, pieceBytes, (at, piece) => receives.push(team.irecv(bytes(theirs, at, piece), previous)));
    const sends = sendShare(rank - step);
    let piece = 0;
    forPieces(incoming.length, pieceBytes, (at, length) => {
      receives[piece++]!.wait();
      const offset = incoming.offset + at;
      combine(reduction, theirs, at, mine, offset, mine, offset, length / reduction.elementBytes);
    });
    waitForSends(sends);
  }
  for (let step = 0; step < size - 1; step++) {
    const incoming = share(rank - step);
    const receives: Request<Status>[] = [];
    forPieces(incoming.length, pieceBytes, (at, length) =>
      receives.push(team.irecv(bytes(mine, incoming.offset + at, length), previous)),
    );
    const sends = sendShare(rank - step + 1);
    for (const receive of receives) receive.wait();
    waitForSends(sends);
  }
}
