import { ZivmError } from '../errors';
import type { Job } from '../job/job';
import {
  LINE_BYTES,
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
import { ANNOUNCE, CANCEL, EAGER, FRAGMENT, SHARE } from '../ring/record';
import type { RingWriter } from '../ring/ring-writer';
import type { Wakeup } from '../ring/wakeup';
import type { Direct } from './direct';
import { type Buf, Kind } from './elements';
import type { Engine } from './engine';
import { IdTable } from './id-table';
import { copyIn, putMessage } from './payload';
import type { Peer } from './peer';
import type { Rings } from './rings';
import { bitOf } from './routes';
import { FLAG_SYNCHRONOUS, SendRequest } from './send-request';
import type { Views } from './views';

/**
 * Up to here a message is sent at once; longer ones wait at the sender until they are matched. Where the receiver has asked for
 * pieces before, so much of a longer one is sent at once too, and is on its way while the receiver asks for the rest.
 */
export const EAGER_BYTES = 32 * 1024;

/** Payload bytes in the first line of a record. */
const FIRST_LINE_BYTES = LINE_BYTES - RECORD_PAYLOAD * 4;

/** Everything that this rank sends: into the ring at once when it can, else queued per peer. */
export class Outbox {
  private readonly engine: Engine;
  private readonly words: Int32Array;
  private readonly views: Views;
  private readonly rings: Rings;
  private readonly wakeup: Wakeup;
  private readonly direct: Direct;
  private readonly pieceBytes: number;
  private readonly longestPieceBytes: number;
  /** Sends that wait for an answer, and so all long ones. */
  private readonly waiting = new IdTable<SendRequest>();
  /** Peers for which something is queued. */
  private readonly busy: Peer[] = [];
  /** Peers that were asked to tell when there is room. */
  private readonly starving: Peer[] = [];

  constructor(engine: Engine, job: Job, views: Views, rings: Rings, wakeup: Wakeup, direct: Direct) {
    this.engine = engine;
    this.words = job.words;
    this.views = views;
    this.rings = rings;
    this.wakeup = wakeup;
    this.direct = direct;
    this.pieceBytes = rings.pieceBytes;
    this.longestPieceBytes = rings.longestPieceBytes;
  }

  /**
   * The hot path: sends a short message if there is room for it right now.
   * No allocation, no native call but the direct one that writes the record, no look at anything but the ring.
   * @param isOneOfMany others may follow at once
   */
  trySend(peer: Peer, context: number, tag: number, flags: number, kind: Kind, buf: Buf, byteLength: number, isOneOfMany: boolean): boolean {
    if (byteLength > peer.pieceBytes || peer.outgoing.head !== null) return false;
    const writer = peer.writer as RingWriter;
    const record = writer.claim(byteLength);
    if (record < 0) return false;
    putMessage(this.views, record, writer.number, EAGER | (flags << 8), context, tag, kind, buf, byteLength, isOneOfMany);
    writer.advance();
    this.wakeup.notify(peer.rank);
    return true;
  }

  /** Starts a send to another rank. */
  start(peer: Peer, send: SendRequest): void {
    send.peer = peer;
    if (peer.writer === null) this.connect(peer);
    send.record = send.byteLength <= EAGER_BYTES ? EAGER : ANNOUNCE;
    send.atOnce = send.record === EAGER ? send.byteLength : this.bytesAtOnce(peer, send.byteLength);
    if (send.record === ANNOUNCE || (send.flags & FLAG_SYNCHRONOUS) !== 0) send.sendId = this.waiting.add(send);
    this.putOrQueue(peer, send);
  }

  /** How much of a long message leaves at once. Of one among several nothing does: the receiver may copy these directly although it asked for pieces of the last one. */
  private bytesAtOnce(peer: Peer, byteLength: number): number {
    return this.waiting.size === 0 && (peer.asksFor & bitOf(byteLength)) !== 0 ? EAGER_BYTES : 0;
  }

  /** Sends an answer, or a question, of the protocol: a record without a payload. */
  control(peer: Peer, kind: number, sendId: number, receiveId: number): void {
    if (peer.ended !== null) return;
    if (peer.writer === null) this.connect(peer);
    if (peer.outgoing.head === null && this.putControl(peer, kind, sendId, receiveId, 0)) return;
    const send = new SendRequest(this.engine.context).want(null, 0, peer.rank, 0, 0);
    send.record = kind;
    send.sendId = sendId;
    send.receiveId = receiveId;
    this.putOrQueue(peer, send);
  }

  /** Asks the sender of an announced message to write its second half to this rank's buffer: now or not at all, for later would be too late. */
  share(peer: Peer, sendId: number, number: number, address: number): void {
    if (peer.writer === null || peer.outgoing.head !== null) return;
    try {
      this.putControl(peer, SHARE, sendId, number, address);
    } catch {
      // The ring is damaged, and the receive is in nobody's list just now: the answer to this message, when it is complete, meets the same.
    }
  }

  private connect(peer: Peer): void {
    peer.writer = this.rings.create(peer.rank);
    peer.pieceBytes = this.pieceBytes;
  }

  private putOrQueue(peer: Peer, send: SendRequest): void {
    if (peer.outgoing.head === null && this.put(peer, send)) return;
    peer.outgoing.push(send);
    this.setBusy(peer);
  }

  private setBusy(peer: Peer): void {
    if (!this.busy.includes(peer)) this.busy.push(peer);
  }

  get idle(): boolean {
    return this.busy.length === 0;
  }

  /** True when everything has left, and every answer that was waited for has come. */
  get settled(): boolean {
    return this.idle && this.waiting.size === 0;
  }

  /** Moves on what is queued, as far as there is room. */
  push(): boolean {
    let progressed = false;
    for (let i = this.busy.length - 1; i >= 0; i--) {
      const peer = this.busy[i]!;
      if (this.pushTo(peer)) progressed = true;
      if (peer.outgoing.head === null && peer.streaming.head === null) this.busy.splice(i, 1);
    }
    return progressed;
  }

  /** Envelopes first: a short message does not wait for the payloads of long ones. */
  private pushTo(peer: Peer): boolean {
    let progressed = false;
    for (let send = peer.outgoing.head; send !== null; send = peer.outgoing.head) {
      const before = send.sent;
      if (!this.put(peer, send)) return progressed || send.sent > before;
      peer.outgoing.shift();
      progressed = true;
    }
    for (let send = peer.streaming.head; send !== null; send = peer.streaming.head) {
      const before = send.sent;
      if (!this.putFragments(peer, send, send.byteLength)) return progressed || send.sent > before;
      peer.streaming.shift();
      send.complete();
      progressed = true;
    }
    return progressed;
  }

  /** @returns true when all of it is in the ring */
  private put(peer: Peer, send: SendRequest): boolean {
    if (send.record !== EAGER && send.record !== ANNOUNCE) {
      return this.putControl(peer, send.record, send.sendId, send.receiveId, 0);
    }
    if (!send.begun && !this.putEnvelope(peer, send)) return false;
    if (!this.putFragments(peer, send, send.atOnce)) return false;
    if (send.sendId === 0) send.complete();
    return true;
  }

  /** The first record of a message: its envelope and, unless the payload is to wait, its first piece. */
  private putEnvelope(peer: Peer, send: SendRequest): boolean {
    const payload = send.record === EAGER ? Math.min(this.pieceBytes, send.byteLength) : 0;
    const writer = peer.writer as RingWriter;
    const record = writer.claim(payload);
    if (record < 0) return false;
    const address = send.record === ANNOUNCE ? this.direct.offer(peer.rank, send.buf as Buf) : 0;
    if (payload > 0) this.writePayload(record, send, payload);
    else this.views.float64[(record + RECORD_ADDRESS) >>> 1] = address;
    const words = this.words;
    words[record + RECORD_KIND] = send.record | (send.flags << 8);
    words[record + RECORD_CONTEXT] = send.context.id;
    words[record + RECORD_TAG] = send.tag;
    words[record + RECORD_LENGTH] = send.byteLength | 0;
    words[record + RECORD_SEND_ID] = send.sendId;
    words[record + RECORD_LENGTH_HIGH] = Math.floor(send.byteLength / 2 ** 32);
    if (send.record === ANNOUNCE) words[record + RECORD_AT_ONCE] = send.atOnce;
    writer.publish(record);
    this.wakeup.notify(peer.rank);
    send.begun = true;
    send.sent = payload;
    return true;
  }

  /** Writes the next bytes of a message. What is in the record's first line comes last, just before the rest of that line: see putMessage. */
  private writePayload(record: number, { kind, buf, sent }: SendRequest, byteLength: number): void {
    const at = (record + RECORD_PAYLOAD) * 4;
    if (byteLength > FIRST_LINE_BYTES) copyIn(this.views, at + FIRST_LINE_BYTES, kind, buf as Buf, sent + FIRST_LINE_BYTES, byteLength - FIRST_LINE_BYTES);
    copyIn(this.views, at, kind, buf as Buf, sent, Math.min(byteLength, FIRST_LINE_BYTES));
  }

  private putControl(peer: Peer, kind: number, sendId: number, receiveId: number, address: number): boolean {
    const writer = peer.writer as RingWriter;
    const record = writer.claim(0);
    if (record < 0) return false;
    this.words[record + RECORD_KIND] = kind;
    this.words[record + RECORD_SEND_ID] = sendId;
    this.words[record + RECORD_RECEIVE_ID] = receiveId;
    this.views.float64[(record + RECORD_ADDRESS) >>> 1] = address;
    writer.publish(record);
    this.wakeup.notify(peer.rank);
    return true;
  }

  /**
   * The pieces of a payload up to byte `end`: each as long as all before it, so that the receiver begins soon and there are
   * not many. @returns true when the last one is in the ring
   */
  private putFragments(peer: Peer, send: SendRequest, end: number): boolean {
    const writer = peer.writer as RingWriter;
    // The receiver decides by the time how the next ones are to come.
    const isMeasured = send.record === ANNOUNCE && this.direct.isNear(peer.rank);
    let began = 0;
    while (send.sent < end) {
      const most = Math.min(this.longestPieceBytes, Math.max(this.pieceBytes, send.sent));
      const byteLength = Math.min(most, end - send.sent);
      const record = writer.claim(byteLength);
      if (record < 0) {
        if (began > 0) send.addCopyTime(performance.now() - began);
        return false;
      }
      if (isMeasured && began === 0) began = performance.now();
      this.writePayload(record, send, byteLength);
      if (began > 0 && send.sent + byteLength === end) send.addCopyTime(performance.now() - began);
      this.words[record + RECORD_KIND] = FRAGMENT;
      this.words[record + RECORD_COPY_NS] = send.copyNs;
      this.words[record + RECORD_LENGTH] = byteLength;
      this.words[record + RECORD_RECEIVE_ID] = send.sent < send.atOnce ? 0 : send.receiveId;
      writer.publish(record);
      this.wakeup.notify(peer.rank);
      send.sent += byteLength;
    }
    return true;
  }

  /** The send to a peer that waits under a number; null when there is none. */
  findWaiting(peer: Peer, sendId: number): SendRequest | null {
    const send = this.waiting.get(sendId);
    return send !== null && send.peer === peer ? send : null;
  }

  /** The send that a peer's answer is for, which no longer waits; null when the answer makes no sense. */
  takeWaiting(peer: Peer, sendId: number): SendRequest | null {
    const send = this.findWaiting(peer, sendId);
    if (send !== null) this.waiting.remove(sendId);
    return send;
  }

  /** The receiver wants the payload. */
  stream(peer: Peer, send: SendRequest, receiveId: number): void {
    send.receiveId = receiveId;
    peer.streaming.push(send);
    this.setBusy(peer);
  }

  /**
   * The receiver has taken a message another way than in pieces, or wants none of it: what has yet to leave of its beginning, the receiver lets pass.
   * So other bytes go in its place, and the message is complete, without waiting for room.
   */
  discardBeginning(peer: Peer, send: SendRequest): void {
    if (send.sent >= send.atOnce || peer.outgoing.head !== send) return;
    const rest = new SendRequest(this.engine.context).want(new Uint8Array(send.atOnce), Kind.Uint8, peer.rank, 0, 0);
    rest.record = ANNOUNCE;
    rest.begun = true;
    rest.sent = send.sent;
    rest.atOnce = send.atOnce;
    peer.outgoing.replaceHead(rest);
  }

  /** Takes a send back that has not left, or asks the receiver to; what the receiver has begun goes on. */
  cancel(send: SendRequest): void {
    const peer = send.peer;
    if (peer === null) return;
    if (!send.begun && peer.outgoing.remove(send)) {
      if (send.sendId !== 0) this.waiting.remove(send.sendId);
      send.markCancelled();
      send.complete();
    } else if (send.sendId !== 0 && this.waiting.get(send.sendId) === send) {
      this.control(peer, CANCEL, send.sendId, 0);
    }
  }

  /** Nothing more can go to this peer: whatever was on its way fails. */
  fail(peer: Peer, error: ZivmError): void {
    // One that is asked for while its beginning still waits for room is in both queues.
    const lost = new Set<SendRequest>();
    for (const queue of [peer.outgoing, peer.streaming]) {
      for (let send = queue.shift(); send !== null; send = queue.shift()) lost.add(send);
    }
    this.waiting.forEach((send) => {
      if (send.peer !== peer) return;
      this.waiting.remove(send.sendId);
      lost.add(send);
    });
    peer.pieceBytes = -1;
    for (const send of lost) {
      send.error = error;
      send.complete();
    }
  }

  /** Asks the receivers for whose rings something is queued to wake this rank when there is room. */
  starve(): void {
    for (const peer of this.busy) {
      peer.writer?.setStarved(true);
      this.starving.push(peer);
    }
  }

  /** Awake again: no need to tell. */
  unstarve(): void {
    for (let peer = this.starving.pop(); peer !== undefined; peer = this.starving.pop()) peer.writer?.setStarved(false);
  }
}
