import { Context } from '../../../src/comm/context';
import { Kind } from '../../../src/comm/elements';
import type { Engine } from '../../../src/comm/engine';
import { Members } from '../../../src/comm/members';
import { BufferReceive } from '../../../src/comm/receive-request';
import { SendRequest } from '../../../src/comm/send-request';
import { native } from '../../../src/native';
import { RANK_SENDS_TO, RANK_SHARED, RANK_STATE, RankState, rankWord } from '../../../src/ring/layout';
import { copyingEngines, RANKS } from './copying-engines';

/*
 * A long message that its receiver and its sender, who waits, copy together. They are one process, which the kernel lets copy from and to itself; so
 * it is known who looks when.
 */

const REGION_BYTES = 8 << 20;
const LENGTH = 300_001;
const TAG = 1;
const EPERM = -1;
const MIDDLE = 36 * 4096;

const members = new Members([0, 1], RANKS);
const readProcess = native.readProcess.bind(native);
const writeProcess = native.writeProcess.bind(native);

afterEach(() => {
  native.readProcess = readProcess;
  native.writeProcess = writeProcess;
});

/** A sender and a receiver, and what they have the kernel copy: offsets and lengths. */
class Pair {
  readonly words = new Int32Array(new ArrayBuffer(REGION_BYTES));
  readonly sender: Engine;
  readonly receiver: Engine;
  reads: [number, number][] = [];
  writes: [number, number][] = [];
  /** Called in the middle of the receiver's first copy of a message. */
  meanwhile = (): void => undefined;

  constructor(hasGuests = false) {
    [this.sender, this.receiver] = copyingEngines(this.words, hasGuests);
    this.words[rankWord(0) + RANK_SENDS_TO] = 2;
    native.readProcess = (pid, address, array, offset, byteLength) => {
      if (this.reads.push([offset, byteLength]) === 1) this.meanwhile();
      return readProcess(pid, address, array, offset, byteLength);
    };
    native.writeProcess = (pid, address, array, offset, byteLength) => {
      this.writes.push([offset, byteLength]);
      return writeProcess(pid, address, array, offset, byteLength);
    };
    // Through the region, until the other way is to be tried.
    while (this.reads.length === 0) this.exchange();
  }

  /** Sends a message, and checks what has come. */
  exchange(): { buf: Uint8Array } {
    this.reads = [];
    this.writes = [];
    const data = Uint8Array.from({ length: LENGTH }, (_, i) => i % 251);
    const buf = new Uint8Array(LENGTH + 1);
    const receive = new BufferReceive(new Context(this.receiver, members, 0), buf, Kind.Uint8, 0, TAG);
    receive.markBlockedOn();
    this.receiver.startReceive(receive);
    const send = new SendRequest(new Context(this.sender, members, 0)).want(data, Kind.Uint8, 1, TAG, 0);
    this.sender.startSend(send);
    while (!receive.done) {
      this.receiver.poll();
      if (!receive.done) this.sender.poll();
    }
    expect(receive.error).toBeNull();
    expect(Buffer.compare(buf.subarray(0, LENGTH), data)).toBe(0);
    expect(buf[LENGTH]).toBe(0);
    // What comes too late may not change anything.
    buf.fill(0);
    while (!send.done) this.sender.poll();
    expect(buf.every((byte) => byte === 0)).toBe(true);
    return { buf };
  }
}

test('the sender writes the second half while the receiver reads the first', () => {
  const pair = new Pair();
  pair.meanwhile = () => void pair.sender.poll();
  for (let times = 0; times < 3; times++) {
    pair.exchange();
    expect(pair.reads).toEqual([[0, MIDDLE]]);
    expect(pair.writes).toEqual([[MIDDLE, LENGTH - MIDDLE]]);
  }
});

test('a receiver whose sender does not look in time reads all, and nothing is written any more', () => {
  const pair = new Pair();
  pair.exchange();
  expect(pair.reads).toEqual([
    [0, MIDDLE],
    [MIDDLE, LENGTH - MIDDLE],
  ]);
  expect(pair.writes).toEqual([]);
});

test('where the kernel does not let the sender write, the receiver reads all, and asks no more', () => {
  const pair = new Pair();
  pair.meanwhile = () => void pair.sender.poll();
  native.writeProcess = () => EPERM;
  pair.exchange();
  expect(pair.reads.length).toBe(2);
  pair.exchange();
  expect(pair.reads).toEqual([[0, LENGTH]]);
});

test('of a sender that ends while it writes the receiver takes what it can read', () => {
  const pair = new Pair();
  pair.meanwhile = () => {
    pair.words[rankWord(1) + RANK_SHARED]! |= 1;
    pair.words[rankWord(0) + RANK_STATE] = RankState.Dead;
  };
  pair.exchange();
  expect(pair.reads.length).toBe(2);
});

test('where virtual machines see the region, the receiver copies alone', () => {
  const pair = new Pair(true);
  pair.meanwhile = () => void pair.sender.poll();
  pair.exchange();
  expect(pair.reads).toEqual([[0, LENGTH]]);
});
