import type { ZivmError } from '../errors';
import type { Job } from '../job/job';
import { corrupt } from '../ring/corrupt';
import {
  RECORD_ADDRESS,
  RECORD_AT_ONCE,
  RECORD_CONTEXT,
  RECORD_COPY_NS,
  RECORD_KIND,
  RECORD_LENGTH,
  RECORD_LENGTH_HIGH,
  RECORD_PAYLOAD,
  RECORD_RECEIVE_ID,
  RECORD_SEND_ID,
  RECORD_TAG,
} from '../ring/layout';
import { ANNOUNCE, CANCEL, CANCELLED, CLEAR_TO_SEND, EAGER, FRAGMENT, MATCHED, SHARE } from '../ring/record';
import type { RingReader } from '../ring/ring-reader';
import type { Wakeup } from '../ring/wakeup';
import { accept, elementKind, hasRoom, place, takeOver } from './accept';
import type { Context } from './context';
import type { Direct } from './direct';
import { type Buf, byteLengthOf, Kind } from './elements';
import type { Engine } from './engine';
import { IdTable } from './id-table';
import { type Matching, tagMatches, Unexpected } from './matching';
import { EAGER_BYTES, type Outbox } from './outbox';
import { copyOut, copyOutWords } from './payload';
import type { Peer } from './peer';
import { Reads } from './reads';
import type { ReceiveRequest } from './receive-request';
import type { Rings } from './rings';
import { bitOf } from './routes';
import { FLAG_SYNCHRONOUS, type SendRequest } from './send-request';
import { SharedCopy } from './shared-copy';
import type { Status } from './status';
import { Stream } from './stream';
import type { Views } from './views';

/** Records taken from one ring before the next ring has its turn. */
const TURN = 32;

/** Looks at one ring that take some microseconds together: an answer to a short message comes in that time. */
const LOOKS = 2000;
/** With more ranks than cores the sender may need this very core. */
const CROWDED_LOOKS = 1;

/** Everything that comes in: takes records out of rings and does what they ask. */
export class Inbox {
  private readonly engine: Engine;
  private readonly words: Int32Array;
  private readonly views: Views;
  private readonly matching: Matching;
  private readonly outbox: Outbox;
  private readonly wakeup: Wakeup;
  private readonly direct: Direct;
  private readonly shared: SharedCopy;
  private readonly reads: Reads;
  private readonly pieceBytes: number;
  private readonly longestPieceBytes: number;
  /** How often a blocking receive looks at its sender's ring alone. */
  private readonly looks: number;
  /** Messages that were asked for. */
  private readonly streaming = new IdTable<Stream>();

  constructor(engine: Engine, job: Job, views: Views, matching: Matching, outbox: Outbox, rings: Rings, wakeup: Wakeup, direct: Direct, isCrowded: boolean) {
    this.engine = engine;
    this.words = job.words;
    this.views = views;
    this.matching = matching;
    this.outbox = outbox;
    this.wakeup = wakeup;
    this.direct = direct;
    this.shared = new SharedCopy(job, direct, outbox);
    this.reads = new Reads(direct);
    this.pieceBytes = rings.pieceBytes;
    this.longestPieceBytes = rings.longestPieceBytes;
    this.looks = isCrowded ? CROWDED_LOOKS : LOOKS;
  }

  /**
   * The hot path of a blocking receive, short enough for V8 to put all of it into the caller's loop: waits a little for the next
   * record from a peer, and takes it if it is all of a message that the receive matches. No receive that was posted
   * before, and no message that came before, may be for it.
   * @returns null, with nothing taken, when it is not as simple as that
   */
  receiveAtOnce(peer: Peer, { members, id }: Context, buf: Buf, kind: Kind, wantedTag: number): Status | null {
    const { reader } = peer;
    if (reader === null || !reader.spinAhead(this.looks)) return null;
    const record = reader.peek();
    if (record < 0) return null;
    const words = this.words;
    const byteLength = words[record + RECORD_LENGTH]!;
    const tag = words[record + RECORD_TAG]!;
    if (words[record + RECORD_KIND] !== EAGER || byteLength >>> 0 > this.pieceBytes || byteLength > byteLengthOf(buf, kind)) return null;
    if (words[record + RECORD_CONTEXT] !== id || !tagMatches(wantedTag, tag)) return null;
    const lines = reader.lines(byteLength);
    if (lines === 0) return null;
    if (byteLength > 0) copyOutWords(this.views, record + RECORD_PAYLOAD, kind, buf, byteLength);
    if (reader.release(lines)) this.wakeup.notify(peer.rank);
    return peer.statusOf(members, tag, byteLength);
  }

  /** Whether more of a message is to come that a receive has matched. */
  get isReceiving(): boolean {
    return this.streaming.size > 0 || this.engine.peers.some((peer) => peer.incomingStream !== null);
  }

  /** Takes what is in a peer's ring, a turn at most. @throws ZivmError `ERR_ZIVM_CORRUPT` */
  drain(peer: Peer): boolean {
    try {
      return this.takeRecords(peer);
    } finally {
      if (!this.reads.isEmpty) this.finishReads(peer);
    }
  }

  private takeRecords(peer: Peer): boolean {
    const reader = peer.reader as RingReader;
    for (let taken = 0; taken < TURN; taken++) {
      const record = reader.peek();
      if (record < 0) return taken > 0;
      const lines = this.receiveShort(peer, reader, record) || this.dispatch(peer, reader, record);
      if (reader.release(lines)) this.wakeup.notify(peer.rank);
    }
    return true;
  }

  /**
   * The hot path: a message in one record, for the receive that was posted first.
   * @returns lines of the record; or 0, with nothing done, when it is not as simple as that
   */
  private receiveShort(peer: Peer, reader: RingReader, record: number): number {
    const words = this.words;
    const byteLength = words[record + RECORD_LENGTH]!;
    if (words[record + RECORD_KIND] !== EAGER || byteLength >>> 0 > this.pieceBytes) return 0;
    const tag = words[record + RECORD_TAG]!;
    const receive = this.matching.headPosted(peer, words[record + RECORD_CONTEXT]!, tag);
    if (receive === null || !hasRoom(receive, byteLength)) return 0;
    const lines = reader.lines(byteLength);
    if (lines === 0) return 0;
    peer.posted.shift();
    receive.status = peer.statusOf(receive.context.members, tag, byteLength);
    if (byteLength > 0) copyOutWords(this.views, record + RECORD_PAYLOAD, receive.kind as Kind, receive.buf as Buf, byteLength);
    receive.complete();
    return lines;
  }

  /** @returns lines of the record */
  private dispatch(peer: Peer, reader: RingReader, record: number): number {
    const word = this.words[record + RECORD_KIND]!;
    const kind = word & 0xff;
    if (kind === EAGER) return this.eager(peer, reader, record, word >>> 8);
    if (kind === FRAGMENT) return this.fragment(peer, reader, record);
    if (kind === ANNOUNCE) this.announce(peer, record, word >>> 8);
    else if (kind === SHARE) this.share(peer, record);
    else this.answer(peer, kind, this.words[record + RECORD_SEND_ID]!, this.words[record + RECORD_RECEIVE_ID]!);
    return 1;
  }

  private eager(peer: Peer, reader: RingReader, record: number, flags: number): number {
    const words = this.words;
    const context = words[record + RECORD_CONTEXT]!;
    const tag = words[record + RECORD_TAG]!;
    const byteLength = words[record + RECORD_LENGTH]!;
    const sendId = (flags & FLAG_SYNCHRONOUS) === 0 ? 0 : words[record + RECORD_SEND_ID]!;
    if (byteLength < 0) throw corrupt(`a message of ${byteLength} bytes`);
    const here = byteLength < this.pieceBytes ? byteLength : this.pieceBytes;
    const lines = linesOf(reader, here);
    const payload = record + RECORD_PAYLOAD;
    const receive = this.matching.takePosted(peer.rank, context, tag);
    if (receive === null) {
      const message = new Unexpected(peer.rank, context, tag, byteLength, flags, sendId, new Uint8Array(byteLength), null);
      if (here > 0) copyOutWords(this.views, payload, Kind.Uint8, message.payload as Uint8Array, here);
      message.received = here;
      if (here < byteLength) this.expect(peer, byteLength - here, null, message);
      this.matching.keep(message);
      this.engine.arrived();
      return lines;
    }
    if ((flags & FLAG_SYNCHRONOUS) !== 0) this.outbox.control(peer, MATCHED, sendId, 0);
    const wanted = accept(receive, peer.rank, tag, byteLength, flags);
    if (wanted && here > 0) copyOutWords(this.views, payload, elementKind(receive), receive.buf as Buf, here);
    if (here < byteLength) this.expect(peer, byteLength - here, new Stream(receive, peer, here), null);
    else receive.complete();
    return lines;
  }

  private announce(peer: Peer, record: number, flags: number): void {
    const words = this.words;
    const context = words[record + RECORD_CONTEXT]!;
    const tag = words[record + RECORD_TAG]!;
    const byteLength = (words[record + RECORD_LENGTH]! >>> 0) + (words[record + RECORD_LENGTH_HIGH]! >>> 0) * 2 ** 32;
    const sendId = words[record + RECORD_SEND_ID]!;
    const atOnce = words[record + RECORD_AT_ONCE]!;
    const address = this.views.float64[(record + RECORD_ADDRESS) >>> 1]!;
    // First, for if that fails, this message is to stay as it is.
    if (!this.reads.hasRoom(byteLength)) this.finishReads(peer);
    if (atOnce !== 0 && (atOnce !== EAGER_BYTES || atOnce >= byteLength)) throw corrupt(`${atOnce} bytes at once of a message of ${byteLength}`);
    const receive = this.matching.takePosted(peer.rank, context, tag);
    if (receive === null) {
      const message = new Unexpected(peer.rank, context, tag, byteLength, flags, sendId, atOnce > 0 ? new Uint8Array(atOnce) : null, null);
      message.address = address;
      this.expect(peer, atOnce, null, message);
      this.matching.keep(message);
      this.engine.arrived();
    } else {
      this.expect(peer, atOnce, this.pull(peer, receive, tag, byteLength, flags, sendId, address, atOnce === 0), null);
    }
  }

  /** The next bytes that a peer sends without being asked are for a receive, for a message without one, or for nobody. */
  private expect(peer: Peer, byteLength: number, stream: Stream | null, message: Unexpected | null): void {
    peer.incomingBytes = byteLength;
    peer.incomingStream = byteLength > 0 ? stream : null;
    peer.incomingMessage = byteLength > 0 ? message : null;
  }

  /**
   * Gets the payload of an announced message, now that it is matched, or asks for it.
   * @param isOneOfMany others may follow that are read together with it
   * @returns the stream of pieces in which it comes if it is asked for, else null
   */
  private pull(
    peer: Peer,
    receive: ReceiveRequest<unknown>,
    tag: number,
    byteLength: number,
    flags: number,
    sendId: number,
    address: number,
    isOneOfMany: boolean,
  ): Stream | null {
    if (accept(receive, peer.rank, tag, byteLength, flags) && byteLength > 0) {
      const hasTime = this.engine.waiting.waitsFor(receive) && this.outbox.settled;
      if (isOneOfMany && !hasTime && this.reads.add(peer, receive, sendId, address, byteLength)) return null;
      if (!this.direct.fetch(peer, sendId, address, receive.buf as Buf, byteLength, hasTime, this.shared)) {
        const stream = new Stream(receive, peer, 0);
        this.outbox.control(peer, CLEAR_TO_SEND, sendId, this.expectStream(stream));
        return stream;
      }
    }
    receive.complete();
    this.outbox.control(peer, MATCHED, sendId, 0);
    return null;
  }

  /** Reads the messages that were to be read together, and asks for the pieces of those that the kernel refuses. */
  private finishReads(peer: Peer): void {
    const { receives, sendIds, done } = this.reads.read(peer);
    const receiveIds = receives.map((receive, i) => {
      if (i >= done) return this.expectStream(new Stream(receive, peer, 0));
      receive.complete();
      return 0;
    });
    // The answers come last: one may fail, and then every receive is complete, or known to wait for its peer.
    sendIds.forEach((sendId, i) => this.outbox.control(peer, i < done ? MATCHED : CLEAR_TO_SEND, sendId, receiveIds[i]!));
  }

  /** Pieces of a payload are to come. @returns the number for the receiver's question */
  private expectStream(stream: Stream): number {
    const { sender } = stream;
    if (sender.streams++ === 0) sender.streamBegan = performance.now();
    return this.streaming.add(stream);
  }

  private fragment(peer: Peer, reader: RingReader, record: number): number {
    const byteLength = this.words[record + RECORD_LENGTH]!;
    const receiveId = this.words[record + RECORD_RECEIVE_ID]!;
    if (byteLength < 1 || byteLength > this.longestPieceBytes) throw corrupt(`a fragment of ${byteLength} bytes`);
    const lines = linesOf(reader, byteLength);
    const payload = (record + RECORD_PAYLOAD) * 4;
    if (receiveId === 0) {
      this.fragmentAtOnce(peer, payload, byteLength);
      return lines;
    }
    const stream = this.streaming.get(receiveId);
    if (stream === null || stream.sender !== peer || stream === peer.incomingStream) throw corrupt('a fragment for no receive that waits for one');
    if (this.takeFragment(stream, payload, byteLength)) {
      this.streaming.remove(receiveId);
      this.tookStream(peer, stream.receive.status.byteLength, this.words[record + RECORD_COPY_NS]!);
      stream.receive.complete();
    }
    return lines;
  }

  /** A piece that was not asked for. It counts only when it is copied: that may throw, and is tried again then. */
  private fragmentAtOnce(peer: Peer, payload: number, byteLength: number): void {
    const { incomingStream: stream, incomingMessage: message } = peer;
    if (byteLength > peer.incomingBytes) throw corrupt(`a fragment of ${byteLength} bytes too many`);
    if (message !== null) {
      copyOut(this.views, payload, Kind.Uint8, message.payload as Uint8Array, message.received, byteLength);
      message.received += byteLength;
    }
    const isWhole = stream !== null && this.takeFragment(stream, payload, byteLength);
    this.expect(peer, peer.incomingBytes - byteLength, stream, message);
    if (isWhole) stream.receive.complete();
  }

  /** @returns true when it was the last one of the message */
  private takeFragment(stream: Stream, payload: number, byteLength: number): boolean {
    const { receive } = stream;
    if (byteLength > receive.status.byteLength - stream.received) throw corrupt(`a fragment of ${byteLength} bytes too many`);
    // A receive that cannot take the message lets the pieces pass.
    if (receive.error === null) copyOut(this.views, payload, elementKind(receive), receive.buf as Buf, stream.received, byteLength);
    stream.received += byteLength;
    return stream.received === receive.status.byteLength;
  }

  /** A payload has come in pieces: it has taken the time since it was asked for, or since the one before it was here. */
  private tookStream(peer: Peer, byteLength: number, copyNs: number): void {
    const now = performance.now();
    peer.routes?.tookRegion(byteLength, copyNs / 1e6, now - peer.streamBegan);
    peer.streams--;
    peer.streamBegan = now;
  }

  private answer(peer: Peer, kind: number, sendId: number, receiveId: number): void {
    if (kind === CANCEL) {
      // Not found means matched: then the answer to the match is under way.
      if (this.matching.withdraw(peer.rank, sendId) !== null) this.outbox.control(peer, CANCELLED, sendId, 0);
      return;
    }
    if (kind !== CLEAR_TO_SEND && kind !== MATCHED && kind !== CANCELLED) throw corrupt(`a record of kind ${kind}`);
    const send = this.outbox.takeWaiting(peer, sendId);
    if (send === null) throw corrupt(`an answer to send ${sendId}`);
    if (send.record === ANNOUNCE && kind !== CANCELLED) {
      const bit = bitOf(send.byteLength);
      peer.asksFor = kind === CLEAR_TO_SEND ? peer.asksFor | bit : peer.asksFor & ~bit;
    }
    if (kind === CLEAR_TO_SEND) {
      this.outbox.stream(peer, send, receiveId);
    } else if (kind === MATCHED && send.record === EAGER && send.sent < send.atOnce) {
      send.sendId = 0; // it is complete when all of it has left
    } else {
      if (kind === CANCELLED) send.markCancelled();
      else if (send.record === ANNOUNCE) this.outbox.discardBeginning(peer, send);
      send.complete();
    }
  }

  /** The receiver copies a message that this rank sends, and would have help. */
  private share(peer: Peer, record: number): void {
    const sendId = this.words[record + RECORD_SEND_ID]!;
    const send = this.outbox.findWaiting(peer, sendId);
    if (send === null || send.record !== ANNOUNCE) throw corrupt(`a half of send ${sendId}`);
    this.shared.help(peer, send, this.words[record + RECORD_RECEIVE_ID]!, this.views.float64[(record + RECORD_ADDRESS) >>> 1]!);
  }

  /** A receive meets a message that came before it. */
  deliver(message: Unexpected, receive: ReceiveRequest<unknown>): void {
    if (message.ownSend !== null) {
      this.deliverOwn(message.ownSend, receive);
      return;
    }
    const peer = this.engine.peers[message.source]!;
    if (message.received < message.byteLength && peer.ended !== null) {
      receive.error = peer.ended;
      receive.complete();
      return;
    }
    if (message.isAnnounced) {
      const stream = this.pull(peer, receive, message.tag, message.byteLength, message.flags, message.sendId, message.address, false);
      if (stream !== null) {
        takeOver(message, receive);
        stream.received = message.received;
      }
      redirect(peer, message, stream);
      return;
    }
    if (message.sendId !== 0) this.outbox.control(peer, MATCHED, message.sendId, 0);
    accept(receive, message.source, message.tag, message.byteLength, message.flags);
    takeOver(message, receive);
    if (message.received < message.byteLength) redirect(peer, message, new Stream(receive, peer, message.received));
    else receive.complete();
  }

  /** A receive meets a message that this rank sends to itself. */
  deliverOwn(send: SendRequest, receive: ReceiveRequest<unknown>): void {
    if (accept(receive, send.dest, send.tag, send.byteLength, send.flags) && send.byteLength > 0) {
      place(send.buf as Buf, receive);
    }
    receive.complete();
    send.complete();
  }

  /** Nothing more comes from this peer: receives whose payload was on its way fail. */
  fail(peer: Peer, error: ZivmError): void {
    this.matching.dropIncomplete(peer.rank);
    const lost = new Set<ReceiveRequest<unknown>>();
    this.streaming.forEach((stream, id) => {
      if (stream.sender !== peer) return;
      this.streaming.remove(id);
      lost.add(stream.receive);
    });
    if (peer.incomingStream !== null) lost.add(peer.incomingStream.receive);
    this.expect(peer, 0, null, null);
    for (const receive of lost) {
      receive.error = error;
      receive.complete();
    }
  }
}

/** @throws ZivmError `ERR_ZIVM_CORRUPT` when the payload would not be in the ring */
function linesOf(reader: RingReader, byteLength: number): number {
  const lines = reader.lines(byteLength);
  if (lines === 0) throw corrupt(`a payload of ${byteLength} bytes at the end of a ring`);
  return lines;
}

/** If bytes of a message are on their way that were not asked for, they are for a receive now, or for nobody. */
function redirect(peer: Peer, message: Unexpected, stream: Stream | null): void {
  if (peer.incomingMessage !== message) return;
  peer.incomingMessage = null;
  peer.incomingStream = stream;
}
