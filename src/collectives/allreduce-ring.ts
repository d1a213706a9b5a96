import type { Buf } from '../comm/elements';
import type { Request } from '../comm/request';
import type { Status } from '../comm/status';
import { combine, type Reduction } from './combine';
import { forIncoming } from './incoming';
import { wholeBlocks } from './reduce-chain';
import { bytes, forPieces, type Team, waitForSends } from './team';

const PIECE_BYTES = 64 * 1024;

/**
 * Ring, for long messages and operations that commute: each rank's share of the elements travels once around to be
 * reduced, then once more to be told (Patarasuk, Yuan, "Bandwidth optimal all-reduce algorithms", 2009). Every share
 * is reduced in one place, so every rank gets the same bits.
 * @param own this rank's elements
 * @param result where the result goes; may be `own`
 */
export function ringAllreduce(team: Team, reduction: Reduction, own: Buf, result: Buf): void {
  const { rank, size } = team;
  const { byteLength } = own;
  const next = (rank + 1) % size;
  const previous = (rank - 1 + size) % size;
  const shareBytes = wholeBlocks(Math.ceil(byteLength / size) + reduction.op.blockLength * reduction.elementBytes - 1, reduction);
  const pieceBytes = wholeBlocks(PIECE_BYTES, reduction);

  /** Share `index`, counted around the ring, as offset and length. */
  const share = (index: number): { offset: number; length: number } => {
    const offset = Math.min(((index + size) % size) * shareBytes, byteLength);
    return { offset, length: Math.min(shareBytes, byteLength - offset) };
  };
  const sendShare = (from: Buf, index: number): Request<Status>[] => {
    const { offset, length } = share(index);
    const sends: Request<Status>[] = [];
    forPieces(length, pieceBytes, (at, piece) => sends.push(team.isend(bytes(from, offset + at, piece), next)));
    return sends;
  };

  for (let step = 0; step < size - 1; step++) {
    const incoming = share(rank - step - 1);
    const sends = sendShare(step === 0 ? own : result, rank - step);
    forIncoming(team, previous, incoming.length, pieceBytes, (theirs, at) => {
      const offset = incoming.offset + at;
      combine(reduction, theirs, 0, own, offset, result, offset, theirs.byteLength / reduction.elementBytes);
      return undefined;
    });
    waitForSends(sends);
  }
  for (let step = 0; step < size - 1; step++) {
    const incoming = share(rank - step);
    const receives: Request<Status>[] = [];
    forPieces(incoming.length, pieceBytes, (at, length) =>
      receives.push(team.irecv(bytes(result, incoming.offset + at, length), previous)),
    );
    const sends = sendShare(result, rank - step + 1);
    for (const receive of receives) receive.wait();
    waitForSends(sends);
  }
}
