import type { Context } from './context';
import { type Buf, byteLengthOf, type Kind } from './elements';
import type { Peer } from './peer';
import { Request } from './request';
import { Status } from './status';

/** The payload is an object, packed. */
export const FLAG_OBJECT = 1;
/** The sender waits until the message is matched. */
export const FLAG_SYNCHRONOUS = 2;

/** The record has 32 bits for it. */
const MOST_NS = 2 ** 31 - 1;

/** A message on its way out, or a record of the protocol that waits for room in the ring. */
export class SendRequest extends Request<Status> {
  /** Where it goes, once it has been started; null for `PROC_NULL`. */
  peer: Peer | null = null;
  /** Kind of the record that announces it (src/ring/record.ts). */
  record = 0;
  /** Its number while the receiver is to answer, else 0. */
  sendId = 0;
  /** The receiver's number for it, once it has answered. */
  receiveId = 0;
  /** Its first record has left. */
  begun = false;
  /** Payload bytes that leave without being asked for. */
  atOnce = 0;
  /** Payload bytes that have left. */
  sent = 0;
  /** Nanoseconds that copying its fragments in has taken, where the receiver wants to know. */
  copyNs = 0;

  buf: Buf | null = null;
  byteLength = 0;
  kind: Kind = 0;
  /** World rank of the receiver. */
  dest = 0;
  tag = 0;
  flags = 0;

  constructor(context: Context) {
    super(context);
  }

  want(buf: Buf | null, kind: Kind, dest: number, tag: number, flags: number): this {
    this.buf = buf;
    this.byteLength = buf === null ? 0 : byteLengthOf(buf, kind);
    this.kind = kind;
    this.dest = dest;
    this.tag = tag;
    this.flags = flags;
    return this;
  }

  addCopyTime(ms: number): void {
    this.copyNs = Math.min(this.copyNs + Math.round(ms * 1e6), MOST_NS);
  }

  protected override result(): Status {
    return Status.of(this.context.members.rankOf(this.dest), this.tag, this.byteLength, this.wasCancelled);
  }

  override reset(): void {
    super.reset();
    this.sendId = 0;
    this.receiveId = 0;
    this.begun = false;
    this.sent = 0;
    this.copyNs = 0;
  }
}

/** A send that was complete when its call returned. */
export class CompletedSend extends Request<Status> {
  private readonly status: Status;

  constructor(context: Context, status: Status) {
    super(context);
    this.status = status;
    this.complete();
  }

  protected override result(): Status {
    return this.status;
  }
}
