import { Context } from '../../../src/comm/context';
import { Kind } from '../../../src/comm/elements';
import { Engine } from '../../../src/comm/engine';
import { Members } from '../../../src/comm/members';
import { BufferReceive } from '../../../src/comm/receive-request';
import { Request } from '../../../src/comm/request';
import { SendRequest } from '../../../src/comm/send-request';
import type { Watcher } from '../../../src/native';
import type { Region } from '../../../src/region/region';
import { formatRegion, planRegion, RANK_ARMED, RANK_KERNEL, RANK_PID, RANK_SENDS_TO, rankWord } from '../../../src/ring/layout';

/*
 * Which way a long message goes between two processes of one kernel. Here they are one process, so that nothing happens in between: a message that
 * has come when its receiver has looked once has come directly; through the region it needs the sender, too.
 */

const RANKS = 2;
const REGION_BYTES = 8 << 20;
const TAG = 1;
const LENGTH = 1 << 20;

const members = new Members([0, 1], RANKS);
const contextOf = (engine: Engine): Context => new Context(engine, members, 0);

interface Pair {
  sender: Engine;
  receiver: Engine;
  words: Int32Array;
}

function pair({ cores = RANKS } = {}): Pair {
  const memory = new ArrayBuffer(REGION_BYTES);
  const words = new Int32Array(memory);
  const plan = planRegion(REGION_BYTES, RANKS);
  formatRegion(words, plan);
  const engines = Array.from({ length: RANKS }, (_, rank) => {
    words[rankWord(rank) + RANK_KERNEL] = 1;
    words[rankWord(rank) + RANK_PID] = process.pid;
    const region: Region = { memory, peer: rank, ring: () => undefined, sleep: () => true, watch: () => undefined as unknown as Watcher };
    return new Engine({ rank, size: RANKS, region, words, plan, ranksHere: RANKS, coresHere: cores, canYield: true, hasGuests: false });
  });
  return { sender: engines[0]!, receiver: engines[1]!, words };
}

function start(from: Engine, dest: number, length: number): { send: SendRequest; data: Uint8Array } {
  const data = Uint8Array.from({ length }, (_, i) => i % 251);
  const send = new SendRequest(contextOf(from)).want(data, Kind.Uint8, dest, TAG, 0);
  from.startSend(send);
  return { send, data };
}

function post(engine: Engine, source: number, length: number, { isBlockedOn = true } = {}): { receive: BufferReceive; buf: Uint8Array } {
  const buf = new Uint8Array(length);
  const receive = new BufferReceive(contextOf(engine), buf, Kind.Uint8, source, TAG);
  if (isBlockedOn) receive.markBlockedOn();
  engine.startReceive(receive);
  return { receive, buf };
}

/** The sender is inside a call that returns when its send is complete. */
function waitForSend({ words }: Pair, dest = 1): void {
  words[rankWord(0) + RANK_SENDS_TO] = dest + 1;
}

test('through the region, when both ranks do nothing but wait for it', () => {
  const both = pair();
  const { receive, buf } = post(both.receiver, 0, LENGTH);
  const { send, data } = start(both.sender, 1, LENGTH);
  waitForSend(both);
  both.receiver.poll();
  expect(receive.done).toBe(false);
  for (let looks = 0; looks < 1000 && !receive.done; looks++) {
    both.sender.poll();
    both.receiver.poll();
  }
  expect([send.done, receive.done]).toEqual([true, true]);
  expect(Buffer.compare(buf, data)).toBe(0);
});

test.each<[string, () => Pair, { isBlockedOn?: boolean }, (both: Pair) => void]>([
  ['the sender is elsewhere', pair, {}, () => undefined],
  ['the sender waits for another send', pair, {}, (both) => waitForSend(both, 2)],
  ['the sender sleeps', pair, {}, (both) => {
    waitForSend(both);
    both.words[rankWord(0) + RANK_ARMED] = 1;
  }],
  ['the receiver does not wait for it', pair, { isBlockedOn: false }, (both) => waitForSend(both)],
  ['the receiver sends too', pair, {}, (both) => {
    start(both.receiver, 0, LENGTH);
    waitForSend(both);
  }],
  ['ranks share cores', () => pair({ cores: 1 }), {}, (both) => waitForSend(both)],
])('directly, when %s', (_, make, how, prepare) => {
  const both = make();
  const { receive, buf } = post(both.receiver, 0, LENGTH, how);
  const { data } = start(both.sender, 1, LENGTH);
  prepare(both);
  both.receiver.poll();
  expect(receive.done).toBe(true);
  expect(Buffer.compare(buf, data)).toBe(0);
});

test('while a call waits for a send, everybody can see for whom', () => {
  const { sender, receiver, words } = pair();
  const sends = (): number => words[rankWord(0) + RANK_SENDS_TO]!;
  const { send } = start(sender, 1, LENGTH);
  expect(sends()).toBe(0);
  post(receiver, 0, LENGTH, { isBlockedOn: false });
  const seen: number[] = [];
  const poll = sender.poll.bind(sender);
  sender.poll = () => {
    seen.push(sends());
    receiver.poll();
    return poll();
  };
  send.wait();
  expect(seen.length).toBeGreaterThan(0);
  expect(new Set(seen)).toEqual(new Set([1 + 1]));
  expect(sends()).toBe(0);
});

test('a wait that may give up is not one to rely on', () => {
  const { sender, receiver, words } = pair();
  const { send } = start(sender, 1, LENGTH);
  const { receive } = post(receiver, 0, LENGTH, { isBlockedOn: false });
  const poll = sender.poll.bind(sender);
  sender.poll = () => {
    expect(words[rankWord(0) + RANK_SENDS_TO]).toBe(0);
    return poll();
  };
  expect(() => send.wait(0)).toThrow(/still pending/);
  const receiverPoll = receiver.poll.bind(receiver);
  receiver.poll = () => {
    expect(receive.isBlockedOn).toBe(false);
    return receiverPoll();
  };
  receive.wait(1000);
});

describe('a call that waits for several receives', () => {
  /** Three receives and their messages. A call waits for the first and the last. */
  function three(): Pair & { posted: ReturnType<typeof post>[]; data: Uint8Array[]; waitForTwo: () => void } {
    const both = pair();
    const posted = [0, 1, 2].map(() => post(both.receiver, 0, LENGTH, { isBlockedOn: false }));
    const data = [0, 1, 2].map(() => start(both.sender, 1, LENGTH).data);
    waitForSend(both);
    return { ...both, posted, data, waitForTwo: () => void Request.waitAll([posted[0]!.receive, posted[2]!.receive]) };
  }
  const doneOf = (posted: ReturnType<typeof post>[]): boolean[] => posted.map(({ receive }) => receive.done);

  test('waits for each of them, and for no other', () => {
    const { sender, receiver, posted, data, waitForTwo } = three();
    const poll = receiver.poll.bind(receiver);
    const afterPolls: boolean[][] = [];
    receiver.poll = () => {
      if (afterPolls.length > 0) sender.poll();
      const progressed = poll();
      afterPolls.push(doneOf(posted));
      return progressed;
    };
    waitForTwo();
    // The sender had not looked yet.
    expect(afterPolls[0]).toEqual([false, true, false]);
    expect(doneOf(posted)).toEqual([true, true, true]);
    posted.forEach(({ buf }, index) => expect(Buffer.compare(buf, data[index]!)).toBe(0));
  });

  test.each([0, 1])('waits for none of them any more when it has failed, after %d looks', (looks) => {
    const { receiver, posted, waitForTwo } = three();
    const poll = receiver.poll.bind(receiver);
    let polls = 0;
    receiver.poll = () => {
      if (polls++ === looks) throw new Error('a signal');
      return poll();
    };
    expect(waitForTwo).toThrow('a signal');
    expect(posted.map(({ receive }) => !receive.done && receiver.waiting.waitsFor(receive))).toEqual([false, false, false]);
  });
});
