import { Context } from '../../../src/comm/context';
import { Kind } from '../../../src/comm/elements';
import { Engine } from '../../../src/comm/engine';
import { Members } from '../../../src/comm/members';
import { EAGER_BYTES } from '../../../src/comm/outbox';
import { BufferReceive } from '../../../src/comm/receive-request';
import { SendRequest } from '../../../src/comm/send-request';
import type { Watcher } from '../../../src/native';
import type { Region } from '../../../src/region/region';
import { formatRegion, LINE_WORDS, planRegion, RECORD_KIND, RECORD_LENGTH, RECORD_NUMBER, RECORD_RECEIVE_ID } from '../../../src/ring/layout';
import { FRAGMENT } from '../../../src/ring/record';

/*
 * The beginning of a long message that leaves without being asked for. Sender and receiver are one process, so that nothing happens in between.
 */

const RANKS = 2;
const REGION_BYTES = 8 << 20;
const TAG = 1;
const LENGTH = 2 * EAGER_BYTES;
/** More than there are pieces. */
const TRIES = 10;

const members = new Members([0, 1], RANKS);

class Pair {
  readonly words = new Int32Array(new ArrayBuffer(REGION_BYTES));
  readonly sender: Engine;
  readonly receiver: Engine;

  constructor() {
    const plan = planRegion(REGION_BYTES, RANKS);
    formatRegion(this.words, plan);
    const memory = this.words.buffer;
    [this.sender, this.receiver] = Array.from({ length: RANKS }, (_, rank) => {
      const region: Region = { memory, peer: rank, ring: () => undefined, sleep: () => true, watch: () => undefined as unknown as Watcher };
      return new Engine({ rank, size: RANKS, region, words: this.words, plan, ranksHere: RANKS, coresHere: RANKS, canYield: true, hasGuests: false });
    }) as [Engine, Engine];
    // The receiver has to ask for pieces of one message first.
    const first = this.post();
    const { send } = this.start();
    while (!send.done || !first.receive.done) this.poll();
  }

  start(): { send: SendRequest; data: Uint8Array } {
    const data = Uint8Array.from({ length: LENGTH }, (_, i) => i % 251);
    const send = new SendRequest(new Context(this.sender, members, 0)).want(data, Kind.Uint8, 1, TAG, 0);
    this.sender.startSend(send);
    return { send, data };
  }

  post(): { receive: BufferReceive; buf: Uint8Array } {
    const buf = new Uint8Array(LENGTH);
    const receive = new BufferReceive(new Context(this.receiver, members, 0), buf, Kind.Uint8, 0, TAG);
    this.receiver.startReceive(receive);
    return { receive, buf };
  }

  poll(): void {
    this.sender.poll();
    this.receiver.poll();
  }

  /** Starts a message. @returns the word at which the first piece of its beginning is in the ring */
  startAndFind(): number {
    const before = new Set(this.#piecesAtOnce());
    this.start();
    return this.#piecesAtOnce().find((at) => !before.has(at))!;
  }

  #piecesAtOnce(): number[] {
    const found: number[] = [];
    for (let at = 0; at < this.words.length; at += LINE_WORDS) {
      const isPiece = this.words[at + RECORD_KIND] === FRAGMENT && this.words[at + RECORD_LENGTH]! > 0 && this.words[at + RECORD_LENGTH]! <= EAGER_BYTES;
      if (isPiece && this.words[at + RECORD_RECEIVE_ID] === 0) found.push(at);
    }
    return found;
  }
}

test('arrives with the rest', () => {
  const pair = new Pair();
  const { receive, buf } = pair.post();
  const { send, data } = pair.start();
  expect(send.sent).toBe(EAGER_BYTES);
  while (!send.done || !receive.done) pair.poll();
  expect(Buffer.compare(buf, data)).toBe(0);
});

test('is for the same receive when copying it has failed, as often as that is tried', () => {
  const pair = new Pair();
  const { buf } = pair.post();
  // The piece comes later than what announces it.
  const number = pair.startAndFind() + RECORD_NUMBER;
  const published = pair.words[number]!;
  pair.words[number] = 0;
  pair.receiver.poll();
  pair.words[number] = published;
  structuredClone(buf.buffer, { transfer: [buf.buffer as ArrayBuffer] });
  for (let times = 0; times < TRIES; times++) expect(() => pair.receiver.poll()).toThrow('the buffer is shorter than it was');
});

test('is no piece that was asked for, whatever the ring says: a receive ends once', () => {
  const pair = new Pair();
  const { receive } = pair.post();
  pair.words[pair.startAndFind() + RECORD_RECEIVE_ID] = 1;
  let ends = 0;
  const complete = receive.complete.bind(receive);
  receive.complete = () => {
    ends++;
    complete();
  };
  for (let looks = 0; looks < 10; looks++) pair.poll();
  expect(receive.error).toMatchObject({ code: 'ERR_ZIVM_CORRUPT' });
  expect(ends).toBe(1);
});
