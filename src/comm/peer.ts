import type { ZivmError } from '../errors';
import type { RingReader } from '../ring/ring-reader';
import type { RingWriter } from '../ring/ring-writer';
import { Queue } from './queue';
import type { SendRequest } from './send-request';

/** What this rank knows of another one. */
export class Peer {
  /** The ring to it, once something was sent. */
  writer: RingWriter | null = null;
  /** The ring from it, once something came. */
  reader: RingReader | null = null;
  /** The longest payload that goes with its envelope; -1 while there is no ring to it. */
  eagerBytes = -1;
  /** What waits for room in the ring, in the order in which it must go. */
  readonly outgoing = new Queue<SendRequest>();
  /** Messages that the peer has asked for, whose payload follows in fragments. */
  readonly streaming = new Queue<SendRequest>();
  /** Why nothing more can come from it or go to it. */
  ended: ZivmError | null = null;

  constructor(
    /** World rank. */
    readonly rank: number,
  ) {}
}
