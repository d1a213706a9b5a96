import { Context } from '../../../src/comm/context';
import { Kind } from '../../../src/comm/elements';
import { Engine } from '../../../src/comm/engine';
import { Members } from '../../../src/comm/members';
import { BufferReceive } from '../../../src/comm/receive-request';
import type { Watcher } from '../../../src/native';
import type { Region } from '../../../src/region/region';
import { formatRegion, planRegion } from '../../../src/ring/layout';

/*
 * A blocking receive that finds its message in its sender's ring looks at nothing else; but one in some looks at everything. Three ranks in one process, so that all messages are there before anybody looks.
 */

const RANKS = 3;
const REGION_BYTES = 1 << 20;
const MANY = 200;
/** What others wait for is seen after so many receives at the latest. */
const AT_ONCE = 64;

function engines(): Engine[] {
  const memory = new ArrayBuffer(REGION_BYTES);
  const words = new Int32Array(memory);
  const plan = planRegion(REGION_BYTES, RANKS);
  formatRegion(words, plan);
  return Array.from({ length: RANKS }, (_, rank) => {
    const region: Region = {
      memory,
      peer: rank,
      ring: () => undefined,
      sleep: () => {
        throw new Error(`rank ${rank} sleeps, although its message is there`);
      },
      watch: () => undefined as unknown as Watcher,
    };
    return new Engine({ rank, size: RANKS, region, words, plan, ranksHere: RANKS, coresHere: RANKS, canYield: true, hasGuests: false });
  });
}

const members = new Members([0, 1, 2], RANKS);
const contextOf = (engine: Engine): Context => new Context(engine, members, 0);

function send(from: Engine, value: number, dest: number, tag: number): void {
  from.send(contextOf(from), Uint8Array.of(value), Kind.Uint8, dest, tag, 0);
}

function receive(engine: Engine, source: number, tag: number): number {
  const buf = new Uint8Array(1);
  const status = engine.receive(contextOf(engine), buf, Kind.Uint8, source, tag);
  expect([status.source, status.tag, status.byteLength]).toEqual([source, tag, 1]);
  return buf[0]!;
}

function post(engine: Engine, source: number, tag: number): { request: BufferReceive; buf: Uint8Array } {
  const buf = new Uint8Array(1);
  const request = new BufferReceive(contextOf(engine), buf, Kind.Uint8, source, tag);
  engine.startReceive(request);
  return { request, buf };
}

test('leave nothing of other ranks undone for long', () => {
  const [engine, first, second] = engines() as [Engine, Engine, Engine];
  for (const sender of [first, second]) {
    send(sender, 1, 0, 1);
    receive(engine, sender.rank, 1);
  }
  const { request, buf } = post(engine, 2, 2);
  send(second, 77, 0, 2);
  for (let i = 0; i < MANY; i++) send(first, i, 0, 1);
  let receives = 0;
  for (; !request.done && receives < MANY; receives++) expect(receive(engine, 1, 1)).toBe(receives);
  expect(receives).toBeLessThanOrEqual(AT_ONCE);
  expect(buf[0]).toBe(77);
  for (; receives < MANY; receives++) expect(receive(engine, 1, 1)).toBe(receives);
});

test('nor does a rank that sends to itself in between', () => {
  const [engine, first, second] = engines() as [Engine, Engine, Engine];
  for (const sender of [first, second]) {
    send(sender, 1, 0, 1);
    receive(engine, sender.rank, 1);
  }
  const { request } = post(engine, 2, 2);
  send(second, 77, 0, 2);
  for (let i = 0; i < MANY; i++) send(first, i, 0, 1);
  for (let i = 0; i < 2 * AT_ONCE; i++) {
    if (i % 2 === 0) receive(engine, 1, 1);
    else {
      send(engine, i, 0, 3);
      receive(engine, 0, 3);
    }
  }
  expect(request.done).toBe(true);
});

test('do not overtake a receive that was posted before, from the same rank or from any', () => {
  const [engine, first] = engines() as [Engine, Engine];
  send(first, 1, 0, 1);
  receive(engine, 1, 1);
  for (const [source, wantedTag] of [[1, 1], [-1, 1], [1, -1]] as const) {
    const { request, buf } = post(engine, source, wantedTag);
    send(first, 10, 0, 1);
    send(first, 20, 0, 1);
    expect(receive(engine, 1, 1)).toBe(20);
    expect(request.done).toBe(true);
    expect(buf[0]).toBe(10);
  }
});

test('do not overtake a message that came before', () => {
  const [engine, first] = engines() as [Engine, Engine];
  for (const value of [1, 2, 3]) send(first, value, 0, value);
  expect(receive(engine, 1, 3)).toBe(3);
  for (const value of [4, 5, 6]) send(first, value, 0, 1);
  for (const value of [1, 4, 5, 6]) expect(receive(engine, 1, 1)).toBe(value);
  expect(receive(engine, 1, 2)).toBe(2);
});
