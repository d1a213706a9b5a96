import { ANY_SOURCE, ANY_TAG } from './constants';
import type { ReceiveRequest } from './receive-request';
import { Queue, type Queued } from './queue';
import type { SendRequest } from './send-request';

/** A message that came before a receive for it was posted. */
export class Unexpected implements Queued<Unexpected> {
  next: Unexpected | null = null;
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
    /** The bytes, or null while they wait at the sender. */
    readonly payload: Uint8Array | null,
    /** The request itself when this rank sent it to itself and waits. */
    readonly ownSend: SendRequest | null,
  ) {}
}

const tagMatches = (wanted: number, tag: number): boolean => wanted === tag || wanted === ANY_TAG;

/**
 * Brings messages and receives together (MPI 4.1, section 3.5): by context, source and tag, wildcards included, in
 * the order in which a source sent and in which receives were posted. Transports deliver to it; it knows none.
 */
export class Matching {
  readonly #posted: Queue<ReceiveRequest<unknown>>[];
  readonly #postedAny = new Queue<ReceiveRequest<unknown>>();
  readonly #unexpected: Queue<Unexpected>[];
  #postedCount = 0;
  #arrivedCount = 0;

  /** @param sources number of world ranks */
  constructor(sources: number) {
    this.#posted = Array.from({ length: sources }, () => new Queue<ReceiveRequest<unknown>>());
    this.#unexpected = Array.from({ length: sources }, () => new Queue<Unexpected>());
  }

  /** Posts a receive that found no unexpected message. */
  post(receive: ReceiveRequest<unknown>): void {
    receive.order = ++this.#postedCount;
    this.#queueOf(receive).push(receive);
  }

  /** Takes a posted receive back; false when it has been matched. */
  unpost(receive: ReceiveRequest<unknown>): boolean {
    return this.#queueOf(receive).remove(receive);
  }

  #queueOf(receive: ReceiveRequest<unknown>): Queue<ReceiveRequest<unknown>> {
    return receive.source === ANY_SOURCE ? this.#postedAny : this.#posted[receive.source]!;
  }

  /** Takes the receive, the earliest posted, that a message matches; null when there is none. */
  takePosted(source: number, context: number, tag: number): ReceiveRequest<unknown> | null {
    const bySource = this.#posted[source]!;
    let before: ReceiveRequest<unknown> | null = null;
    let found = bySource.head;
    while (found !== null && !(found.context === context && tagMatches(found.tag, tag))) {
      before = found;
      found = found.next;
    }
    if (this.#postedAny.head !== null) {
      const any = this.#takePostedAny(context, tag, found);
      if (any !== null) return any;
    }
    if (found !== null) bySource.removeAfter(before, found);
    return found;
  }

  #takePostedAny(
    context: number,
    tag: number,
    rival: ReceiveRequest<unknown> | null,
  ): ReceiveRequest<unknown> | null {
    let before: ReceiveRequest<unknown> | null = null;
    for (let at = this.#postedAny.head; at !== null; before = at, at = at.next) {
      if (rival !== null && rival.order < at.order) return null;
      if (at.context === context && tagMatches(at.tag, tag)) {
        this.#postedAny.removeAfter(before, at);
        return at;
      }
    }
    return null;
  }

  /** Keeps a message that no posted receive matches. */
  keep(message: Unexpected): void {
    message.order = ++this.#arrivedCount;
    this.#unexpected[message.source]!.push(message);
  }

  /** The unexpected message that a receive or probe gets, the earliest arrived; it stays where it is. */
  findUnexpected(source: number, context: number, tag: number): Unexpected | null {
    if (source !== ANY_SOURCE) return firstMatch(this.#unexpected[source]!, context, tag);
    let first: Unexpected | null = null;
    for (const queue of this.#unexpected) {
      if (queue.head === null) continue;
      const found = firstMatch(queue, context, tag);
      if (found !== null && (first === null || found.order < first.order)) first = found;
    }
    return first;
  }

  /** Takes a message that findUnexpected has found. */
  takeUnexpected(message: Unexpected): void {
    this.#unexpected[message.source]!.remove(message);
  }

  /** Takes the message that a sender, which waits for an answer under `sendId`, wants back; null when it is matched. */
  withdraw(source: number, sendId: number): Unexpected | null {
    const queue = this.#unexpected[source]!;
    for (let at = queue.head; at !== null; at = at.next) {
      if (at.sendId === sendId) {
        queue.remove(at);
        return at;
      }
    }
    return null;
  }

  /** The message that a pending synchronous send of this rank to itself left here; null once it is matched. */
  findOwn(send: SendRequest): Unexpected | null {
    let at = this.#unexpected[send.dest]!.head;
    while (at !== null && at.ownSend !== send) at = at.next;
    return at;
  }

  /** Takes every posted receive from `source` (ANY_SOURCE: those from anyone) that `fits`. */
  takeAllPosted(source: number, fits: (receive: ReceiveRequest<unknown>) => boolean): ReceiveRequest<unknown>[] {
    const queue = source === ANY_SOURCE ? this.#postedAny : this.#posted[source]!;
    const taken: ReceiveRequest<unknown>[] = [];
    for (let at = queue.head; at !== null; at = at.next) if (fits(at)) taken.push(at);
    for (const receive of taken) queue.remove(receive);
    return taken;
  }

  /** Drops the messages of a source whose payload can no longer come. */
  dropIncomplete(source: number): void {
    const queue = this.#unexpected[source]!;
    const lost: Unexpected[] = [];
    for (let at = queue.head; at !== null; at = at.next) if (at.received < at.byteLength) lost.push(at);
    for (const message of lost) queue.remove(message);
  }
}

function firstMatch(queue: Queue<Unexpected>, context: number, tag: number): Unexpected | null {
  let at = queue.head;
  while (at !== null && !(at.context === context && tagMatches(tag, at.tag))) at = at.next;
  return at;
}
