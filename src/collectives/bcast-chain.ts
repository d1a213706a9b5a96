import type { Buf } from '../comm/elements';
import type { Request } from '../comm/request';
import type { Status } from '../comm/status';
import { bytes, forPieces, type Team, waitForSends } from './team';

/** Long enough that a piece's fixed cost does not count, short enough to stay in a core's cache while it is passed on. */
const PIECE_BYTES = 64 * 1024;

/** Pipelined chain: each rank passes the pieces on to the next one while more come in. For long messages. */
export function chainBcast(team: Team, buf: Buf, root: number): void {
  const { size } = team;
  const relative = (team.rank - root + size) % size;
  const from = (relative - 1 + root + size) % size;
  const to = (relative + 1 + root) % size;
  const isLast = relative === size - 1;
  const pieces: Uint8Array[] = [];
  forPieces(buf.byteLength, PIECE_BYTES, (offset, length) => pieces.push(bytes(buf, offset, length)));
  const receives = relative === 0 ? [] : pieces.map((piece) => team.irecv(piece, from));
  const sends: Request<Status>[] = [];
  pieces.forEach((piece, i) => {
    receives[i]?.wait();
    if (!isLast) sends.push(team.isend(piece, to));
  });
  waitForSends(sends);
}
