import { Context } from '../../../src/comm/context';
import { Kind } from '../../../src/comm/elements';
import { Engine } from '../../../src/comm/engine';
import { Members } from '../../../src/comm/members';
import { BufferReceive } from '../../../src/comm/receive-request';
import type { Watcher } from '../../../src/native';
import type { Region } from '../../../src/region/region';
import { formatRegion, LINE_WORDS, planRegion, RANK_MARKS, rankWord } from '../../../src/ring/layout';

/*
 * What was stored just when a rank fell asleep, and nobody rings for: the sender saw its mark, or the rank awake, before its store could
 * be seen. Two ranks in one process; the sender stores while the receiver sleeps.
 */

const RECEIVER = 0;
const SENDER = 1;
const RANKS = 2;
const REGION_BYTES = 1 << 20;
const TAG = 3;
const members = new Members([RECEIVER, SENDER], RANKS);
const contextOf = (engine: Engine): Context => new Context(engine, members, 0);

class Pair {
  readonly words = new Int32Array(new ArrayBuffer(REGION_BYTES));
  readonly receiver: Engine;
  readonly sender: Engine;
  /** What happens while the receiver sleeps, the first time. */
  onSleep = (): void => undefined;
  sleeps = 0;

  constructor() {
    const plan = planRegion(REGION_BYTES, RANKS);
    formatRegion(this.words, plan);
    const watcher = { start: () => this.#sleep(), stop: () => undefined, ref: () => undefined, unref: () => undefined, close: () => undefined } as unknown as Watcher;
    const region = (peer: number): Region => ({
      memory: this.words.buffer,
      peer,
      ring: () => {
        throw new Error('nobody was to ring');
      },
      sleep: () => {
        this.#sleep();
        return false;
      },
      watch: () => watcher,
    });
    const [receiver, sender] = [RECEIVER, SENDER].map(
      (rank) => new Engine({ rank, size: RANKS, region: region(rank), words: this.words, plan, ranksHere: RANKS, coresHere: RANKS, canYield: true, hasGuests: false }),
    );
    this.receiver = receiver!;
    this.sender = sender!;
    // Once the receiver has had a message it polls the ring.
    this.send(1);
    this.receiver.receive(contextOf(this.receiver), new Uint8Array(1), Kind.Uint8, SENDER, TAG);
  }

  #sleep(): void {
    this.sleeps++;
    if (this.sleeps > 1) throw new Error('the receiver has overlooked it');
    this.onSleep();
  }

  send(value: number): void {
    this.sender.send(contextOf(this.sender), Uint8Array.of(value), Kind.Uint8, RECEIVER, TAG, 0);
  }

  /** Sends as if the mark had still been set when the sender looked. */
  sendLate(value: number): void {
    const marks = rankWord(RECEIVER) + RANK_MARKS;
    expect(this.words[marks]).toBe(0);
    this.words[marks] = 1 << SENDER;
    this.send(value);
    this.words[marks] = 0;
  }
}

test('a blocking receive finds such a message before it sleeps for long', () => {
  const pair = new Pair();
  pair.onSleep = () => pair.sendLate(42);
  const buf = new Uint8Array(1);
  pair.receiver.receive(contextOf(pair.receiver), buf, Kind.Uint8, SENDER, TAG);
  expect({ value: buf[0], sleeps: pair.sleeps }).toEqual({ value: 42, sleeps: 1 });
});

test('so does the event loop', async () => {
  const pair = new Pair();
  pair.onSleep = () => setImmediate(() => pair.sendLate(42));
  const alive = setInterval(() => undefined, 1000);
  const buf = new Uint8Array(1);
  const receive = new BufferReceive(contextOf(pair.receiver), buf, Kind.Uint8, SENDER, TAG);
  pair.receiver.startReceive(receive);
  pair.receiver.background.begin(receive);
  await receive;
  clearInterval(alive);
  expect({ value: buf[0], sleeps: pair.sleeps }).toEqual({ value: 42, sleeps: 1 });
  pair.receiver.close();
});

test('and whoever waits for a number in the region', () => {
  const pair = new Pair();
  const word = REGION_BYTES / 4 - LINE_WORDS;
  pair.onSleep = () => (pair.words[word] = 1);
  pair.receiver.waiting.forNumber(word, 1, { ended: null });
  expect(pair.sleeps).toBe(1);
});
