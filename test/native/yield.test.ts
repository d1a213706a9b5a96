import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { fast, native } from '../../src/native';
import { LINE_WORDS, RANK_AWAITED, RANK_AWAITED_NUMBER, RANK_CORE, rankWord } from '../../src/ring/layout';

const FOREVER = 2 ** 50;
const EINVAL = -22;
/** A call that does not give the core away ends then. */
const WATCHDOG_MS = 20_000;
const CORES = Math.max(...native.allowedCores()) + 1;
/** Rank 0 is the one that waits; on each core there is another one. */
const RANKS = 1 + CORES;
const WORDS = rankWord(RANKS) + LINE_WORDS;
const WATCHED = WORDS - 1;
const AWAITED = WORDS - 2;

let words: Int32Array;

beforeEach(() => {
  words = new Int32Array(new SharedArrayBuffer(WORDS * 4));
});

/** What rank 0 does: looks at one word, which was 0. */
const yieldWhileSame = (times: number, looks: number): number => fast.yieldWhileSame(words, Int32Array.of(WATCHED), Int32Array.of(0), 1, times, looks, 0, RANKS);

function others(says: (rank: number) => { core: number; awaited: number; number: number }): void {
  for (let rank = 1; rank < RANKS; rank++) {
    const { core, awaited, number } = says(rank);
    words[rankWord(rank) + RANK_CORE] = core;
    words[rankWord(rank) + RANK_AWAITED] = awaited;
    words[rankWord(rank) + RANK_AWAITED_NUMBER] = number;
  }
}

/** Whether rank 0 keeps its core, and looks, until its word changes. */
async function keepsCore(changesAfterMs = 100): Promise<boolean> {
  words[WATCHED] = 0;
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     parentPort.postMessage('ready');
     setTimeout(() => Atomics.store(workerData.words, workerData.watched, 1), workerData.changesAfterMs);`,
    { eval: true, workerData: { words, watched: WATCHED, changesAfterMs } },
  );
  await once(worker, 'message');
  expect(yieldWhileSame(1, FOREVER)).toBe(0);
  const isChanged = Atomics.load(words, WATCHED) === 1;
  await worker.terminate();
  return isChanged;
}

describe('yieldWhileSame', () => {
  it('returns at once when a word is not what it was', () => {
    words.fill(5, WATCHED - 1);
    const call = (positions: number[]): number => fast.yieldWhileSame(words, Int32Array.from(positions), Int32Array.from(positions, () => 5), positions.length, FOREVER, 1, 0, RANKS);
    words[WATCHED] = -6;
    // With such a number of turns it would not return in a lifetime.
    expect(call([WATCHED - 1, WATCHED])).toBe(0);
    expect(call([WATCHED])).toBe(0);
  });

  it('returns after its turns when nothing changes', () => {
    expect(yieldWhileSame(100, 1)).toBe(0);
    expect(yieldWhileSame(3, 400)).toBe(0);
    expect(fast.yieldWhileSame(words, new Int32Array(0), new Int32Array(0), 0, 3, 1, 0, RANKS)).toBe(0);
  });

  it('says on which core it is', () => {
    yieldWhileSame(1, 1);
    const core = words[rankWord(0) + RANK_CORE]! - 1;
    expect(native.allowedCores()).toContain(core);
  });

  it('keeps the core while all others on it wait for a number that is not there', async () => {
    words[AWAITED] = 6;
    others((rank) => ({ core: rank, awaited: AWAITED, number: 7 }));
    expect(await keepsCore()).toBe(true);
    // Numbers are compared modulo 2^32.
    words[AWAITED] = 2 ** 31 - 1;
    others((rank) => ({ core: rank, awaited: AWAITED, number: -(2 ** 31) }));
    expect(await keepsCore()).toBe(true);
  });

  it('keeps the core when those who have something to do are on other cores, or on none yet', async () => {
    others((rank) => ({ core: rank % 2 === 0 ? 0 : CORES + rank, awaited: 0, number: 0 }));
    expect(await keepsCore()).toBe(true);
  });

  it.each([
    { who: 'has its number', there: 7, says: { awaited: AWAITED, number: 7 } },
    { who: 'has missed its number, modulo 2^32', there: -(2 ** 31), says: { awaited: AWAITED, number: 2 ** 31 - 1 } },
    { who: 'waits for nothing', there: 0, says: { awaited: 0, number: 7 } },
    { who: 'waits for a word that is not in the region', there: 0, says: { awaited: WORDS, number: 7 } },
    { who: 'waits for a word before the region', there: 0, says: { awaited: -1, number: 7 } },
  ])('gives the core to another one on it that $who', async ({ there, says }) => {
    words[AWAITED] = there;
    others((rank) => ({ core: rank, ...says }));
    expect(await keepsCore(WATCHDOG_MS)).toBe(false);
  }, 2 * WATCHDOG_MS);

  it('returns at once, and reads nothing, when an argument is out of bounds', () => {
    const call = (position: number, count: number, times: number, rank: number, ranks: number): number =>
      fast.yieldWhileSame(words, Int32Array.of(WATCHED, position), new Int32Array(2), count, times, 1, rank, ranks);
    for (const position of [-1, WORDS, 2 ** 31 - 1, -(2 ** 31)]) expect(call(position, 2, FOREVER, 0, RANKS)).toBe(EINVAL);
    for (const count of [3, -1, 2 ** 40]) expect(call(WATCHED, count, FOREVER, 0, RANKS)).toBe(EINVAL);
    expect(call(WATCHED, 1, -1, 0, RANKS)).toBe(EINVAL);
    for (const [rank, ranks] of [[RANKS, RANKS], [-1, RANKS], [0, 0], [0, RANKS + 1], [0, 2 ** 50], [2 ** 50, 2 ** 51]] as const) expect(call(WATCHED, 1, FOREVER, rank, ranks)).toBe(EINVAL);
  });
});
