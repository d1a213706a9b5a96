import { Context } from '../../../src/comm/context';
import { Kind } from '../../../src/comm/elements';
import type { Engine } from '../../../src/comm/engine';
import { Members } from '../../../src/comm/members';
import { BufferReceive } from '../../../src/comm/receive-request';
import { SendRequest } from '../../../src/comm/send-request';
import { ZivmError } from '../../../src/errors';
import { native } from '../../../src/native';
import { LINE_WORDS, RECORD_KIND, RECORD_NUMBER } from '../../../src/ring/layout';
import { ANNOUNCE } from '../../../src/ring/record';
import { RingWriter } from '../../../src/ring/ring-writer';
import { copyingEngines, RANKS } from './copying-engines';

/*
 * Long messages that the kernel copies together. Sender and receiver are one process, which the kernel lets copy from and to itself; so it is known
 * which messages are there when the receiver looks.
 */

const REGION_BYTES = 8 << 20;
const TAG = 1;
const MIB = 2 ** 20;
const NO_RECORD = 99;

const members = new Members([0, 1], RANKS);
const readMany = native.readMany.bind(native);
const readProcess = native.readProcess.bind(native);

afterEach(() => {
  native.readMany = readMany;
  native.readProcess = readProcess;
});

/** A message, and the receive that it is for. */
interface Exchange {
  data: Uint8Array;
  buf: Uint8Array;
  send: SendRequest;
  receive: BufferReceive;
}

class Pair {
  readonly words = new Int32Array(new ArrayBuffer(REGION_BYTES));
  readonly sender: Engine;
  readonly receiver: Engine;
  /** How many messages were read together, each time; and the lengths of those that were read by themselves. */
  together: number[] = [];
  alone: number[] = [];
  /** So many messages the kernel reads before it refuses. */
  allowed = Infinity;

  constructor() {
    [this.sender, this.receiver] = copyingEngines(this.words);
    native.readMany = (pid, addresses, arrays, byteLengths, count) => {
      this.together.push(count);
      const most = Math.min(count, this.allowed);
      this.allowed -= most;
      return most === 0 ? -1 : readMany(pid, addresses, arrays, byteLengths, most);
    };
    native.readProcess = (pid, address, array, offset, byteLength) => {
      this.alone.push(byteLength);
      return readProcess(pid, address, array, offset, byteLength);
    };
  }

  /** Posts a receive for each length, with some room to spare or, if less than nothing, too little; then sends. */
  begin(lengths: number[], spare = 1): Exchange[] {
    const posted = lengths.map((length) => {
      const buf = new Uint8Array(length + spare);
      const receive = new BufferReceive(new Context(this.receiver, members, 0), buf, Kind.Uint8, 0, TAG);
      this.receiver.startReceive(receive);
      return { buf, receive };
    });
    return posted.map(({ buf, receive }, message) => {
      const data = Uint8Array.from({ length: lengths[message]! }, (_, i) => (i + message) % 251);
      const send = new SendRequest(new Context(this.sender, members, 0)).want(data, Kind.Uint8, 1, TAG, 0);
      this.sender.startSend(send);
      return { data, buf, send, receive };
    });
  }

  finish(exchanges: Exchange[]): void {
    while (!exchanges.every(({ send, receive }) => send.done && receive.done)) {
      this.receiver.poll();
      this.sender.poll();
    }
  }
}

function expectWhole({ data, buf, send, receive }: Exchange): void {
  expect([send.error, receive.error]).toEqual([null, null]);
  expect(receive.status.byteLength).toBe(data.length);
  expect(Buffer.compare(buf.subarray(0, data.length), data)).toBe(0);
  expect(buf.subarray(data.length).every((byte) => byte === 0)).toBe(true);
}

test('all that are there are read together, up to sixteen', () => {
  const pair = new Pair();
  const exchanges = pair.begin(Array.from({ length: 20 }, (_, i) => 40_000 + 1000 * i));
  pair.finish(exchanges);
  exchanges.forEach(expectWhole);
  expect(pair.together).toEqual([16, 4]);
  expect(pair.alone).toEqual([]);
});

test('no more than 4 MiB are read together, and longer messages by themselves', () => {
  const pair = new Pair();
  const exchanges = pair.begin([MIB, MIB, MIB, MIB, 4 * MIB, 40_000, 4 * MIB + 1]);
  pair.finish(exchanges);
  exchanges.forEach(expectWhole);
  expect(pair.together).toEqual([4, 1, 1]);
  expect(pair.alone).toEqual([4 * MIB + 1]);
});

test.each([0, 1, 3])('when the kernel refuses after %d of them the others come in pieces, and it is not asked again', (allowed) => {
  const pair = new Pair();
  pair.allowed = allowed;
  for (let time = 0; time < 2; time++) {
    const exchanges = pair.begin(Array.from({ length: 20 }, (_, i) => 40_000 + i));
    pair.finish(exchanges);
    exchanges.forEach(expectWhole);
  }
  expect(pair.together).toEqual([16]);
  expect(pair.alone).toEqual([]);
});

test('a receive that is too short has failed, and the others have their messages', () => {
  const pair = new Pair();
  const exchanges = [...pair.begin([50_000, 40_000]), ...pair.begin([60_000], -1), ...pair.begin([70_000])];
  pair.finish(exchanges);
  const [first, second, short, last] = exchanges as [Exchange, Exchange, Exchange, Exchange];
  [first, second, last].forEach(expectWhole);
  expect(short.receive.error).toMatchObject({ code: 'ERR_ZIVM_TRUNCATE' });
  expect(short.buf.every((byte) => byte === 0)).toBe(true);
  expect(pair.together).toEqual([3]);
});

/** Damages the third message that was sent. */
function damageThird({ words }: Pair): void {
  for (let line = 0; line < words.length; line += LINE_WORDS) {
    if (words[line + RECORD_NUMBER] === 3 && words[line + RECORD_KIND] === ANNOUNCE) words[line + RECORD_KIND] = NO_RECORD;
  }
}

test('what was announced before the ring was damaged is read', () => {
  const pair = new Pair();
  const [first, second, third] = pair.begin([50_000, 60_000, 70_000]) as [Exchange, Exchange, Exchange];
  damageThird(pair);
  pair.receiver.poll();
  pair.sender.poll();
  expect(third.receive.error).toMatchObject({ code: 'ERR_ZIVM_CORRUPT' });
  for (const { send, receive, buf, data } of [first, second]) {
    expect([send.done, receive.done, receive.error]).toEqual([true, true, null]);
    expect(Buffer.compare(buf.subarray(0, data.length), data)).toBe(0);
  }
});

test('what was announced before the ring was damaged, and cannot be read, has failed', () => {
  const pair = new Pair();
  pair.allowed = 0;
  const exchanges = pair.begin([50_000, 60_000, 70_000]);
  damageThird(pair);
  pair.receiver.poll();
  for (const { receive } of exchanges) expect(receive.error).toMatchObject({ code: 'ERR_ZIVM_CORRUPT' });
});

test('when an answer cannot be sent, what was read is complete, what was refused has failed, and nothing waits', () => {
  const pair = new Pair();
  pair.allowed = 2;
  const exchanges = pair.begin([50_000, 60_000, 70_000, 80_000]);
  const toSender = pair.receiver.peers[0]!;
  jest.spyOn(RingWriter.prototype, 'claim').mockImplementation(function (this: RingWriter) {
    if (this === toSender.writer) throw new ZivmError('ERR_ZIVM_CORRUPT', 'the ring of answers is damaged');
    throw new Error('nobody else sends');
  });
  pair.receiver.poll();
  jest.restoreAllMocks();
  expect(exchanges.map(({ receive }) => receive.done)).toEqual([true, true, true, true]);
  expect(exchanges.map(({ receive }) => (receive.error as ZivmError | null)?.code)).toEqual([undefined, undefined, 'ERR_ZIVM_CORRUPT', 'ERR_ZIVM_CORRUPT']);
  expect(pair.receiver.isPending).toBe(false);
});
