import { ANY_TAG, PROC_NULL } from './constants';
import type { Context } from './context';
import type { Buf, Kind } from './elements';
import { unpack } from './objects';
import { Request } from './request';
import { NOTHING, Status } from './status';

/** In place of an element type: the receive wants an object. */
export const OBJECT = -1;

/** A receive that was posted: what it wants, where it puts it, and what it got. */
export abstract class ReceiveRequest<T> extends Request<T> {
  /** When it was posted, among all receives. */
  order = 0;
  /** What it got, once a message is matched. */
  status = NOTHING;

  constructor(
    context: Context,
    /** Null for an object, until it comes. */
    public buf: Buf | null,
    /** Type of the buffer's elements, or OBJECT. */
    public kind: Kind | typeof OBJECT,
    /** World rank of the sender that it wants, or ANY_SOURCE. */
    public source: number,
    /** The tag that it wants, or ANY_TAG. */
    public tag: number,
  ) {
    super(context);
  }

  /** A receive from `PROC_NULL`: nothing comes, and it is complete (MPI 4.1, section 3.10). */
  completeEmpty(): void {
    this.status = Status.of(PROC_NULL, ANY_TAG, 0, false);
    this.complete();
  }

  override markCancelled(): void {
    super.markCancelled();
    this.status = Status.of(this.context.members.rankOf(this.source), this.tag, 0, true);
  }
}

/** Receives into a buffer. */
export class BufferReceive extends ReceiveRequest<Status> {
  // Written out, for without it what is compiled passes all arguments on as an array, for each message.
  constructor(context: Context, buf: Buf, kind: Kind, source: number, tag: number) {
    super(context, buf, kind, source, tag);
  }

  /** Makes it as new, to be posted again. */
  again(context: Context, buf: Buf, kind: Kind, source: number, tag: number): this {
    this.reset();
    this.context = context;
    this.buf = buf;
    this.kind = kind;
    this.source = source;
    this.tag = tag;
    return this;
  }

  protected override result(): Status {
    return this.status;
  }
}

/** Receives an object. */
export class ObjectReceive<T> extends ReceiveRequest<T> {
  private value: T | undefined;
  private unpacked = false;

  constructor(
    context: Context,
    source: number,
    tag: number,
    readonly filled: Status | undefined,
  ) {
    super(context, null, OBJECT, source, tag);
  }

  /** The object; undefined when it was cancelled, which the status tells. */
  protected override result(): T {
    if (!this.unpacked) {
      this.unpacked = true;
      const { source, tag, byteLength, cancelled } = this.status;
      this.filled?.fill(source, tag, byteLength, cancelled);
      if (!cancelled && this.buf !== null) this.value = unpack(this.buf as Uint8Array) as T;
      this.buf = null;
    }
    return this.value as T;
  }
}
