import type { Direct } from './direct';
import type { Buf } from './elements';
import type { Peer } from './peer';
import type { ReceiveRequest } from './receive-request';

/** Messages that are read together; the addon takes no more. */
const MOST_MESSAGES = 16;
/** Bytes that are read together: their senders wait until all are here. Longer messages are read by themselves. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Messages that the kernel was asked for, in order. */
export interface Batch {
  receives: readonly ReceiveRequest<unknown>[];
  /** By these numbers their senders know them. */
  sendIds: readonly number[];
  /** How many of them have been read. */
  done: number;
}

/**
 * Announced messages of one peer that have receives, and whose payloads the kernel is to copy: in a window of messages several are there at
 * once, and one call for all of them saves a microsecond for each, a tenth of what 64 KiB take.
 */
export class Reads {
  private readonly direct: Direct;
  private readonly addresses = new Float64Array(MOST_MESSAGES);
  private readonly byteLengths = new Float64Array(MOST_MESSAGES);
  private receives: ReceiveRequest<unknown>[] = [];
  private sendIds: number[] = [];
  private total = 0;

  constructor(direct: Direct) {
    this.direct = direct;
  }

  get isEmpty(): boolean {
    return this.receives.length === 0;
  }

  /** Whether a message of this length can still be added. */
  hasRoom(byteLength: number): boolean {
    return this.isEmpty || (this.receives.length < MOST_MESSAGES && this.total + byteLength <= MOST_BYTES);
  }

  /** Adds a message, if there is room, to those that `read` reads. @returns false when it cannot be read, or is too long */
  add(peer: Peer, receive: ReceiveRequest<unknown>, sendId: number, address: number, byteLength: number): boolean {
    if (address === 0 || byteLength > MOST_BYTES || !this.direct.canRead(peer.rank)) return false;
    this.addresses[this.receives.length] = address;
    this.byteLengths[this.receives.length] = byteLength;
    this.receives.push(receive);
    this.sendIds.push(sendId);
    this.total += byteLength;
    return true;
  }

  /** Reads what was added, all from this peer. */
  read(peer: Peer): Batch {
    const { receives, sendIds } = this;
    const bufs = receives.map(({ buf }) => buf as Buf);
    const done = this.direct.readMany(peer.rank, this.addresses, bufs, this.byteLengths, receives.length);
    this.receives = [];
    this.sendIds = [];
    this.total = 0;
    return { receives, sendIds, done };
  }
}
