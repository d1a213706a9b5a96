import type { Peer } from './peer';
import type { ReceiveRequest } from './receive-request';

/** A message that comes in pieces, for a receive. */
export class Stream {
  constructor(
    readonly receive: ReceiveRequest<unknown>,
    readonly sender: Peer,
    /** Bytes that are here. */
    public received: number,
  ) {}
}
