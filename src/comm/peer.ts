import type { ZivmError } from '../errors';
import type { RingReader } from '../ring/ring-reader';
import type { RingWriter } from '../ring/ring-writer';
import { Source, type Unexpected } from './matching';
import type { Members } from './members';
import { Queue } from './queue';
import type { Routes } from './routes';
import type { SendRequest } from './send-request';
import { NOTHING, type Status } from './status';
import type { Stream } from './stream';

/** What this rank knows of another one. */
export class Peer extends Source {
  /** The ring to it, once something was sent. */
  writer: RingWriter | null = null;
  /** The ring from it, once something came. */
  reader: RingReader | null = null;
  /** The longest payload of one record; -1 while there is no ring to it. */
  pieceBytes = -1;
  /** What waits for room in the ring, in the order in which it must go. */
  readonly outgoing = new Queue<SendRequest>();
  /** Messages that the peer has asked for, whose payload follows in fragments. */
  readonly streaming = new Queue<SendRequest>();
  /** A bit for each magnitude of lengths (bitOf): whether it asked for pieces of the last long message to it of that magnitude, or took it another way. */
  asksFor = 0;
  /** How many bytes of a message have yet to come that it sends without being asked. */
  incomingBytes = 0;
  /** The stream that they belong to, if the message is matched; or the message that keeps them, if it is not. Both null: nobody wants them. */
  incomingStream: Stream | null = null;
  incomingMessage: Unexpected | null = null;
  /** Of its long messages; null unless they can come directly. */
  routes: Routes | null = null;
  /** How many payloads it was asked for that have yet to come, and since when it is the turn of the next one; in milliseconds. */
  streams = 0;
  streamBegan = NaN;
  /** The status given last for a message from or to this rank, and in which communicator. */
  private status = NOTHING;
  private members: Members | null = null;
  /** Why nothing more can come from it or go to it. */
  ended: ZivmError | null = null;

  constructor(
    /** World rank. */
    readonly rank: number,
  ) {
    super();
  }

  /** The status of a message from or to this rank. Most are like the one before, which is quickly seen. */
  statusOf(members: Members, tag: number, byteLength: number): Status {
    const last = this.status;
    if (members === this.members && last.tag === tag && last.byteLength === byteLength) return last;
    this.members = members;
    return (this.status = members.statusOf(this.rank, tag, byteLength));
  }
}
