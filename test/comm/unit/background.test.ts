import { setImmediate as turn } from 'node:timers/promises';
import { Context } from '../../../src/comm/context';
import { Kind } from '../../../src/comm/elements';
import { Engine } from '../../../src/comm/engine';
import { Members } from '../../../src/comm/members';
import { Message } from '../../../src/comm/message';
import { BufferReceive } from '../../../src/comm/receive-request';
import { isUpToSelf } from '../../../src/comm/self';
import { SendRequest } from '../../../src/comm/send-request';
import type { Watcher } from '../../../src/native';
import { formatRegion, planRegion } from '../../../src/ring/layout';

/*
 * What the event loop of a rank does while no call blocks. Two ranks in one process, of a communicator in which their ranks are not those of the
 * world; a test rings the doorbell itself.
 */

const [SENDER, RECEIVER] = [2, 1];
const RANKS = 3;
const REGION_BYTES = 8 << 20;
const TAG = 3;
const LONG = 200_000;
/** More than the event loop looks before it sleeps. */
const MANY_TURNS = 20;
const members = new Members([RECEIVER, SENDER], RANKS);

/** A rank, and what its event loop has done with the doorbell. */
class Rank {
  readonly engine: Engine;
  readonly context: Context;
  starts = 0;
  stops = 0;
  isAlive = true;
  polls = 0;
  ring = (): void => undefined;

  constructor(rank: number, words: Int32Array) {
    const watcher = {
      start: () => void this.starts++,
      stop: () => void this.stops++,
      ref: () => void (this.isAlive = true),
      unref: () => void (this.isAlive = false),
      close: () => undefined,
    } as unknown as Watcher;
    const region = {
      memory: words.buffer as ArrayBuffer,
      peer: rank,
      ring: () => undefined,
      sleep: () => true,
      watch: (onRing: () => void) => {
        this.ring = onRing;
        return watcher;
      },
    };
    const plan = planRegion(REGION_BYTES, RANKS);
    this.engine = new Engine({ rank, size: RANKS, region, words, plan, ranksHere: RANKS, coresHere: RANKS, canYield: true, hasGuests: false });
    this.context = new Context(this.engine, members, 0);
    const poll = this.engine.poll.bind(this.engine);
    this.engine.poll = () => {
      this.polls++;
      return poll();
    };
  }

  /** Starts to receive, as irecv does. */
  receive(byteLength: number): BufferReceive {
    const receive = new BufferReceive(this.context, new Uint8Array(byteLength), Kind.Uint8, SENDER, TAG);
    this.engine.startReceive(receive);
    this.engine.background.begin(receive);
    return receive;
  }

  /** Starts to send; the event loop does not know of it. */
  send(byteLength: number): SendRequest {
    const send = new SendRequest(this.context).want(new Uint8Array(byteLength).fill(7), Kind.Uint8, RECEIVER, TAG, 0);
    this.engine.startSend(send);
    return send;
  }
}

let sender: Rank;
let receiver: Rank;

beforeEach(() => {
  const words = new Int32Array(new ArrayBuffer(REGION_BYTES));
  formatRegion(words, planRegion(REGION_BYTES, RANKS));
  sender = new Rank(SENDER, words);
  receiver = new Rank(RECEIVER, words);
});

afterEach(() => {
  sender.engine.close();
  receiver.engine.close();
});

async function turns(): Promise<void> {
  for (let times = 0; times < MANY_TURNS; times++) await turn();
}

/** Sees that the event loop has nothing to do any more. */
async function expectQuiet(rank: Rank): Promise<void> {
  await turns();
  expect(rank.stops).toBeGreaterThan(0);
  const { polls, starts } = rank;
  await turns();
  expect({ polls: rank.polls, starts: rank.starts }).toEqual({ polls, starts });
}

test('a receive that is posted has the doorbell armed, until its message has come', async () => {
  const receive = receiver.receive(8);
  await turns();
  expect({ starts: receiver.starts, stops: receiver.stops, isAlive: receiver.isAlive }).toEqual({ starts: 1, stops: 0, isAlive: false });
  sender.send(8);
  receiver.ring();
  await turns();
  expect(receive.done).toBe(true);
  await expectQuiet(receiver);
});

test('so has one that has part of its message', async () => {
  const receive = receiver.receive(LONG);
  const send = sender.send(LONG);
  receiver.engine.poll(); // asks for it
  expect(receiver.engine.isPending).toBe(true);
  await turns();
  expect({ starts: receiver.starts, stops: receiver.stops }).toEqual({ starts: 1, stops: 0 });
  while (!receive.done) {
    sender.engine.poll();
    receiver.ring();
    await turns();
  }
  expect(Buffer.compare(receive.buf as Uint8Array, send.buf as Uint8Array)).toBe(0);
  await expectQuiet(receiver);
});

test('so has a send that nobody has asked for', async () => {
  const send = sender.send(LONG);
  sender.engine.background.begin(send);
  await turns();
  expect({ starts: sender.starts, stops: sender.stops }).toEqual({ starts: 1, stops: 0 });
  const receive = receiver.receive(LONG);
  while (!send.done || !receive.done) {
    receiver.engine.poll();
    sender.ring();
    await turns();
  }
  await expectQuiet(sender);
});

test('the process lives for what somebody awaits, and no longer', async () => {
  const receive = receiver.receive(8);
  const other = receiver.receive(8);
  const awaited = receive.then(({ source, byteLength }) => ({ source, byteLength }));
  await turns();
  expect({ starts: receiver.starts, isAlive: receiver.isAlive }).toEqual({ starts: 1, isAlive: true });
  sender.send(8);
  receiver.ring();
  expect(await awaited).toEqual({ source: 1, byteLength: 8 });
  await turns();
  expect({ isAlive: receiver.isAlive, isDone: other.done, isPending: receiver.engine.isPending, stops: receiver.stops }).toEqual({
    isAlive: false,
    isDone: false,
    isPending: true,
    stops: 0,
  });
  other.cancel();
  expect(other.wait()).toMatchObject({ source: 1, tag: TAG, byteLength: 0, cancelled: true });
});

test('a message that was probed is received from the rank that has sent it, not from the one of that number in the world', async () => {
  sender.send(LONG);
  const found = receiver.engine.find(0, SENDER, TAG)!;
  receiver.engine.take(found);
  const message = new Message(receiver.context, found);
  expect(message.status()).toMatchObject({ source: 1, tag: TAG, byteLength: LONG });
  const buf = new Uint8Array(LONG);
  const request = message.irecv(buf);
  expect({ isDone: request.test(), isUpToSelf: isUpToSelf(RECEIVER, request) }).toEqual({ isDone: false, isUpToSelf: false });
  while (!request.test()) sender.engine.poll();
  expect(request.wait()).toMatchObject({ source: 1, tag: TAG, byteLength: LONG });
  expect(buf.every((byte) => byte === 7)).toBe(true);
  await turns();
});
