import type { Direct } from './direct';
import type { Buf } from './elements';
import type { Peer } from './peer';
import type { ReceiveRequest } from './receive-request';

/** Messages that are read together; the addon takes no more. */
const MOST_MESSAGES = 16;
/** Bytes that are read together: their senders wait until all are here. Longer messages are read by themselves. */
const MOST_BYTES = 4 * 1024 * 1024;

/** What becomes of a message that was to be read. */
export interface Outcome {
  read(peer: Peer, receive: ReceiveRequest<unknown>, sendId: number): void;
  refused(peer: Peer, receive: ReceiveRequest<unknown>, sendId: number): void;
}

/**
 * Announced messages of one peer that have receives, and whose payloads the kernel is to copy: in a window of messages several are there at
 * once, and one call for all of them saves a microsecond for each, a tenth of what 64 KiB take.
 */
export class Reads {
  private readonly direct: Direct;
  private readonly outcome: Outcome;
  private peer: Peer | null = null;
  private count = 0;
  private total = 0;
  private readonly sendIds = new Int32Array(MOST_MESSAGES);
  private readonly addresses = new Float64Array(MOST_MESSAGES);
  private readonly byteLengths = new Float64Array(MOST_MESSAGES);
  private receives: ReceiveRequest<unknown>[] = [];
  private bufs: Buf[] = [];

  constructor(direct: Direct, outcome: Outcome) {
    this.direct = direct;
    this.outcome = outcome;
  }

  /** Adds a message to those that `finish` reads. @returns false when it cannot be read, or is too long */
  add(peer: Peer, receive: ReceiveRequest<unknown>, sendId: number, address: number, byteLength: number): boolean {
    if (address === 0 || byteLength > MOST_BYTES || !this.direct.canRead(peer.rank)) return false;
    if (peer !== this.peer || this.count === MOST_MESSAGES || this.total + byteLength > MOST_BYTES) this.finish();
    this.peer = peer;
    this.sendIds[this.count] = sendId;
    this.addresses[this.count] = address;
    this.byteLengths[this.count] = byteLength;
    this.receives.push(receive);
    this.bufs.push(receive.buf as Buf);
    this.count++;
    this.total += byteLength;
    return true;
  }

  /** Reads what was added. */
  finish(): void {
    const { peer, count, receives, bufs, sendIds } = this;
    if (peer === null) return;
    this.peer = null;
    this.count = 0;
    this.total = 0;
    this.receives = [];
    this.bufs = [];
    const done = this.direct.readMany(peer.rank, this.addresses, bufs, this.byteLengths, count);
    for (let i = 0; i < done; i++) this.outcome.read(peer, receives[i]!, sendIds[i]!);
    for (let i = done; i < count; i++) this.outcome.refused(peer, receives[i]!, sendIds[i]!);
  }
}
