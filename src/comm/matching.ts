import { ANY_SOURCE, ANY_TAG } from './constants';
import type { ReceiveRequest } from './receive-request';
import { Queue } from './queue';
import type { SendRequest } from './send-request';

/** A message that came before a receive for it was posted. */
export class Unexpected {
  /** When it came, in messages of all sources. */
  order = 0;
  /** Bytes of the payload that are here. */
  received = 0;
  /** Where the payload is in the sender's process, while it waits there; 0 when it cannot be had from there. */
  address = 0;

  constructor(
    /** World rank of the sender. */
    readonly source: number,
    readonly context: number,
    readonly tag: number,
    readonly byteLength: number,
    readonly flags: number,
    /** The sender's request, where it waits for an answer; else 0. */
    readonly sendId: number,
    /** The bytes, or those that were sent at once; null when all of them wait at the sender. */
    readonly payload: Uint8Array | null,
    /** The request itself when this rank sent it to itself and waits. */
    readonly ownSend: SendRequest | null,
  ) {}

  /** Whether bytes wait at the sender. */
  get isAnnounced(): boolean {
    return this.payload === null || this.payload.length < this.byteLength;
  }
}

/** One rank that sends, as far as matching is concerned. */
export class Source {
  /** Receives that want its messages, and nobody else's. */
  readonly posted = new Queue<ReceiveRequest<unknown>>();
  /** Its messages that came before a receive for them was posted. */
  readonly unexpected = new Queue<Unexpected>();
}

/**
 * Brings messages and receives together (MPI 4.1, section 3.5): by context, source and tag, wildcards included, in
 * the order in which a source sent and in which receives were posted. Transports deliver to it; it knows none.
 */
export class Matching {
  private readonly sources: readonly Source[];
  private readonly postedAny = new Queue<ReceiveRequest<unknown>>();
  private postedCount = 0;
  private arrivedCount = 0;

  /** @param sources by world rank */
  constructor(sources: readonly Source[]) {
    this.sources = sources;
  }

  /** Posts a receive that found no unexpected message. */
  post(receive: ReceiveRequest<unknown>): void {
    this.postTo(this.queueOf(receive), receive);
  }

  /** As `post`, for a receive that wants messages of this source. */
  postFor(source: Source, receive: ReceiveRequest<unknown>): void {
    this.postTo(source.posted, receive);
  }

  private postTo(queue: Queue<ReceiveRequest<unknown>>, receive: ReceiveRequest<unknown>): void {
    receive.order = ++this.postedCount;
    queue.push(receive);
  }

  /** Takes a posted receive back; false when it has been matched. */
  unpost(receive: ReceiveRequest<unknown>): boolean {
    return this.queueOf(receive).remove(receive);
  }

  private queueOf(receive: ReceiveRequest<unknown>): Queue<ReceiveRequest<unknown>> {
    return receive.source === ANY_SOURCE ? this.postedAny : this.sources[receive.source]!.posted;
  }

  /**
   * The hot path of takePosted: the receive that a message matches if that is the one posted first for its source, and
   * none is posted for any source; else null. It stays where it is.
   */
  headPosted(source: Source, context: number, tag: number): ReceiveRequest<unknown> | null {
    const { head } = source.posted;
    return head !== null && this.postedAny.length === 0 && receives(head, context, tag) ? head : null;
  }

  /** Whether a receive posted now would get what its source sends next: none is posted that might, and nothing has come. */
  isFirst({ posted, unexpected }: Source): boolean {
    return posted.length === 0 && this.postedAny.length === 0 && unexpected.length === 0;
  }

  /** Whether any receive is posted. */
  get isPosted(): boolean {
    return this.postedAny.length > 0 || this.sources.some(({ posted }) => posted.length > 0);
  }

  /** Takes the receive, the earliest posted, that a message matches; null when there is none. */
  takePosted(source: number, context: number, tag: number): ReceiveRequest<unknown> | null {
    const bySource = this.sources[source]!.posted;
    const any = this.postedAny;
    const index = firstReceive(bySource, context, tag);
    const anyIndex = firstReceive(any, context, tag);
    if (index < 0 && anyIndex < 0) return null;
    const isFromSource = anyIndex < 0 || (index >= 0 && bySource.at(index).order < any.at(anyIndex).order);
    return isFromSource ? bySource.takeAt(index) : any.takeAt(anyIndex);
  }

  /** Keeps a message that no posted receive matches. */
  keep(message: Unexpected): void {
    message.order = ++this.arrivedCount;
    this.sources[message.source]!.unexpected.push(message);
  }

  /** The unexpected message that a receive or probe gets, the earliest arrived; it stays where it is. */
  findUnexpected(source: number, context: number, tag: number): Unexpected | null {
    return source === ANY_SOURCE ? this.findFromAny(context, tag) : firstMatch(this.sources[source]!.unexpected, context, tag);
  }

  private findFromAny(context: number, tag: number): Unexpected | null {
    let first: Unexpected | null = null;
    for (const { unexpected } of this.sources) {
      const found = firstMatch(unexpected, context, tag);
      if (found !== null && (first === null || found.order < first.order)) first = found;
    }
    return first;
  }

  /** Takes a message that findUnexpected has found. */
  takeUnexpected(message: Unexpected): void {
    this.sources[message.source]!.unexpected.remove(message);
  }

  /** Takes the message that a sender, which waits for an answer under `sendId`, wants back; null when it is matched. */
  withdraw(source: number, sendId: number): Unexpected | null {
    return this.sources[source]!.unexpected.take((message) => message.sendId === sendId);
  }

  /** Takes the message that a pending synchronous send of this rank to itself left here; null once it is matched. */
  takeOwn(send: SendRequest): Unexpected | null {
    return this.sources[send.dest]!.unexpected.take((message) => message.ownSend === send);
  }

  /** Takes every posted receive from `source` (ANY_SOURCE: those from anyone) that `fits`. */
  takeAllPosted(source: number, fits: (receive: ReceiveRequest<unknown>) => boolean): ReceiveRequest<unknown>[] {
    const queue = source === ANY_SOURCE ? this.postedAny : this.sources[source]!.posted;
    return queue.takeAll(fits);
  }

  /** Drops the messages of a source whose payload can no longer come. */
  dropIncomplete(source: number): void {
    this.sources[source]!.unexpected.takeAll((message) => message.received < message.byteLength);
  }
}

export const tagMatches = (wanted: number, tag: number): boolean => wanted === tag || wanted === ANY_TAG;

function receives(receive: ReceiveRequest<unknown>, context: number, tag: number): boolean {
  return receive.context.id === context && tagMatches(receive.tag, tag);
}

/** How many receives stand before the first that gets such a message; -1 when none does. */
function firstReceive(queue: Queue<ReceiveRequest<unknown>>, context: number, tag: number): number {
  for (let i = 0; i < queue.length; i++) if (receives(queue.at(i), context, tag)) return i;
  return -1;
}

function firstMatch(queue: Queue<Unexpected>, context: number, tag: number): Unexpected | null {
  for (let i = 0; i < queue.length; i++) {
    const message = queue.at(i);
    if (message.context === context && tagMatches(tag, message.tag)) return message;
  }
  return null;
}
