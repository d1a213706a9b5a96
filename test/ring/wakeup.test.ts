import { join } from 'node:path';
import { checked, native, type Watcher } from '../../src/native';
import type { Region } from '../../src/region/region';
import { formatRegion, LINE_BYTES, planRegion, RANK_PEER, RANK_SLOT, rankWord } from '../../src/ring/layout';
import { RingWriter } from '../../src/ring/ring-writer';
import { Wakeup } from '../../src/ring/wakeup';
import { Child, killChildren } from '../native/child';

const PROGRAM = join(__dirname, 'programs/wakeup-rank.ts');
const REGION_BYTES = 2 ** 20;

afterEach(killChildren);

describe('two ranks that sleep whenever they can', () => {
  it.each([
    { mode: 'pingpong', records: 8_000, what: 'answer each other' },
    { mode: 'stream', records: 20_000, what: 'wait for records and for room' },
  ])('lose no wake-up when they $what', async ({ mode, records }) => {
    const memory = checked(native.createMemory(REGION_BYTES), 'createMemory');
    const words = new Int32Array(checked<ArrayBuffer>(native.mapMemory(memory, REGION_BYTES), 'mapMemory'));
    const plan = planRegion(REGION_BYTES, 2);
    formatRegion(words, plan);
    const ringBytes = plan.ringGranules * plan.granuleBytes;
    for (const rank of [0, 1]) {
      words[rankWord(rank) + RANK_PEER] = rank;
      const lineCount = mode === 'stream' ? 32 : ringBytes / LINE_BYTES;
      new RingWriter(words, plan.heapWord + (rank * ringBytes) / 4, lineCount).format();
    }
    const doorbells = [0, 1].map(() => checked(native.createDoorbell(), 'createDoorbell'));
    const seed = 1 + Math.floor(Math.random() * 2 ** 30);
    try {
      const ranks = [0, 1].map((rank) => new Child(PROGRAM, [rank, mode, records, seed], [memory, ...doorbells]));
      const outputs = await Promise.all(ranks.map((rank) => rank.success()));
      const counts = outputs.map((output) => JSON.parse(output) as { rings: number; sleeps: number; arms: number });
      for (const rank of [0, 1]) {
        // Otherwise nothing was tried.
        expect(counts[rank]!.sleeps).toBeGreaterThan(records / 100);
        // A doorbell is rung once for each time that the other one was armed, and never for a record on the hot path.
        expect(counts[rank]!.rings).toBeLessThanOrEqual(counts[1 - rank]!.arms);
      }
    } catch (error) {
      throw new Error(`with seed ${seed}`, { cause: error });
    } finally {
      for (const descriptor of [memory, ...doorbells]) native.closeDescriptor(descriptor);
    }
  });
});

describe('marks and doorbells', () => {
  const PEERS = 40;

  /** Counts rings, and passes them on to real doorbells. */
  class CountingRegion implements Region {
    readonly memory = new ArrayBuffer(planRegion(REGION_BYTES * 16, PEERS).byteLength);
    readonly peer = 0;
    readonly doorbell = checked(native.createDoorbell(), 'createDoorbell');
    readonly rung: [peer: number, slot: number][] = [];

    ring(peer: number, slot: number): void {
      this.rung.push([peer, slot]);
      checked(native.ringDoorbell(this.doorbell), 'ringing');
    }

    sleep(timeoutMs: number): boolean {
      checked(native.sleepOn(new Int32Array([this.doorbell]), timeoutMs), 'sleeping');
      return native.clearDoorbell(this.doorbell) > 0;
    }

    watch(onRing: () => void): Watcher {
      return new native.Watcher(this.doorbell, onRing);
    }
  }

  let region: CountingRegion;
  let words: Int32Array;
  const rank = (number: number): Wakeup => new Wakeup(words, region, number, PEERS);

  beforeEach(() => {
    region = new CountingRegion();
    words = new Int32Array(region.memory);
    formatRegion(words, planRegion(region.memory.byteLength, PEERS));
    for (let number = 0; number < PEERS; number++) {
      words[rankWord(number) + RANK_PEER] = 100 + number;
      words[rankWord(number) + RANK_SLOT] = number % 3;
    }
  });
  afterEach(() => {
    native.closeDescriptor(region.doorbell);
  });

  it('a rank that is awake is marked, and its doorbell is left alone', () => {
    rank(3).notify(5);
    expect(rank(5).marks(0)).toBe(1 << 3);
    expect(rank(5).marked()).toBe(true);
    expect(region.rung).toEqual([]);
  });

  it('a rank that sleeps is rung once, with its own peer and slot, however much comes for it', () => {
    const sleeper = rank(5);
    sleeper.arm();
    for (let record = 0; record < 1000; record++) rank(3).notify(5);
    expect(region.rung).toEqual([[105, 2]]);
    expect(native.clearDoorbell(region.doorbell)).toBe(1);
  });

  it('nothing rings while the mark is set, armed or not', () => {
    rank(3).notify(5);
    rank(5).arm();
    for (let record = 0; record < 1000; record++) rank(3).notify(5);
    expect(region.rung).toEqual([]);
  });

  it('a sleep ends when a mark is set, and the marks say who it was', () => {
    const sleeper = rank(5);
    expect(sleeper.takeMarks(0)).toBe(0);
    sleeper.arm();
    expect(sleeper.marked()).toBe(false);
    rank(7).notify(5);
    expect(sleeper.sleep(-1)).toBe(true);
    sleeper.disarm();
    expect(sleeper.takeMarks(0)).toBe(1 << 7);
    // Disarmed, it is not rung any more.
    rank(7).notify(5);
    expect(region.rung).toHaveLength(1);
  });

  it('a rank that is not rung sleeps until its time is over', () => {
    const before = performance.now();
    expect(rank(5).sleep(30)).toBe(false);
    expect(performance.now() - before).toBeGreaterThanOrEqual(29);
  });

  it('each sender has a bit of its own, over all words', () => {
    const receiver = rank(1);
    expect(receiver.markWords).toBe(2);
    for (const sender of [0, 31, 32, 39]) rank(sender).notify(1);
    expect(receiver.marks(0)).toBe(1 | (1 << 31));
    expect(receiver.marks(1)).toBe(1 | (1 << 7));
    receiver.clearMark(0, 1 << 31);
    expect(receiver.marks(0)).toBe(1);
    expect(receiver.takeMarks(0)).toBe(1);
    expect(receiver.marked()).toBe(true);
    expect(receiver.takeMarks(1)).toBe(1 | (1 << 7));
    expect(receiver.marked()).toBe(false);
    // Nobody else was marked.
    for (let other = 0; other < PEERS; other++) expect(rank(other).marked()).toBe(false);
  });

  it('marks that are put back join those that have come', () => {
    const receiver = rank(1);
    rank(4).notify(1);
    const taken = receiver.takeMarks(0);
    rank(6).notify(1);
    receiver.restoreMarks(0, taken);
    expect(receiver.marks(0)).toBe((1 << 4) | (1 << 6));
  });

  it.each([1, 2, 31, 32, 33, 64, 65, 255, 256])('has a word of marks for every 32 of %d ranks', (rankCount) => {
    expect(new Wakeup(words, region, 0, rankCount).markWords).toBe(Math.ceil(rankCount / 32));
  });
});
