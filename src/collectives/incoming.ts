import type { Request } from '../comm/request';
import type { Status } from '../comm/status';
import { bytes, type Team } from './team';

/** Places for pieces, used in turn: few, so that they stay in the core's cache. */
const PLACES = 4;
/** Receives that are posted before they are waited for; the other places may still be on their way out. */
const AHEAD = 2;

/**
 * Receives `byteLength` bytes from a rank in pieces and hands over each as it comes, in order, with its offset.
 * @param take may send the piece on: it returns the request, and the piece's place is kept until that is complete. If it
 * throws, the rest of the pieces is received all the same, so that the sender is not left waiting
 */
export function forIncoming(
  team: Team,
  from: number,
  byteLength: number,
  pieceBytes: number,
  take: (piece: Uint8Array, offset: number) => Request<Status> | undefined,
): void {
  const count = Math.ceil(byteLength / pieceBytes);
  const placeBytes = Math.min(pieceBytes, byteLength);
  const scratch = team.scratch(Math.min(PLACES, count) * placeBytes);
  const sends: (Request<Status> | undefined)[] = [];
  const receives: Request<Status>[] = [];
  const pieces: Uint8Array[] = [];
  const post = (index: number): void => {
    sends[index - PLACES]?.wait();
    const piece = bytes(scratch, (index % PLACES) * placeBytes, Math.min(pieceBytes, byteLength - index * pieceBytes));
    pieces.push(piece);
    receives.push(team.irecv(piece, from));
  };

  let failure: { error: unknown } | undefined;
  const attempt = (piece: Uint8Array, offset: number): Request<Status> | undefined => {
    try {
      return take(piece, offset);
    } catch (error) {
      failure = { error };
      return undefined;
    }
  };

  for (let index = 0; index < Math.min(AHEAD, count); index++) post(index);
  for (let index = 0; index < count; index++) {
    if (index + AHEAD < count) post(index + AHEAD);
    receives[index]!.wait();
    if (failure === undefined) sends.push(attempt(pieces[index]!, index * pieceBytes));
  }
  for (const send of sends) send?.wait();
  if (failure !== undefined) throw failure.error;
}
