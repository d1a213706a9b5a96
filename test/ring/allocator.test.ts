import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { ZivmError } from '../../src/errors';
import { checked, native } from '../../src/native';
import { Allocator } from '../../src/ring/allocator';
import { formatRegion, planRegion, type RegionPlan } from '../../src/ring/layout';
import { Child, killChildren } from '../native/child';

const OWNERS = 4;

function heap(byteLength: number, rankCount = OWNERS): { words: Int32Array; plan: RegionPlan } {
  const plan = planRegion(byteLength, rankCount);
  const words = new Int32Array(byteLength / 4);
  formatRegion(words, plan);
  return { words, plan };
}

/** A heap so small that it runs full: the plan says so, and the rest is beyond its end. */
function smallHeap(granuleCount: number): { words: Int32Array; plan: RegionPlan } {
  const { words, plan } = heap(2 ** 20);
  return { words, plan: { ...plan, granuleCount } };
}

const isNoSpace = (error: unknown): boolean => error instanceof ZivmError && error.code === 'ERR_ZIVM_NO_SPACE';

type Step =
  | { what: 'allocate'; owner: number; count: number }
  | { what: 'free'; index: number }
  | { what: 'reclaim'; owner: number };

describe('the allocator', () => {
  it('does what a plain list of owners does', () => {
    const owner = fc.integer({ min: 0, max: OWNERS - 1 });
    const step: fc.Arbitrary<Step> = fc.oneof(
      { weight: 6, arbitrary: fc.record({ what: fc.constant('allocate' as const), owner, count: fc.integer({ min: 1, max: 12 }) }) },
      { weight: 4, arbitrary: fc.record({ what: fc.constant('free' as const), index: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ what: fc.constant('reclaim' as const), owner }) },
    );
    let refused = 0;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.array(step, { maxLength: 150, size: 'max' }), (granuleCount, steps) => {
        const { words, plan } = smallHeap(granuleCount);
        const behind = words.slice(plan.granuleTableWord + granuleCount, plan.heapWord);
        const allocators = Array.from({ length: OWNERS }, (_, rank) => new Allocator(words, plan, rank));
        /** The owner of each granule, or -1. */
        const model = new Array<number>(granuleCount).fill(-1);
        let held: { owner: number; first: number; count: number }[] = [];
        const longestRun = (): number => Math.max(...model.map((o) => (o < 0 ? ' ' : 'x')).join('').split('x').map((run) => run.length));
        const give = (first: number, count: number): void => void model.fill(-1, first, first + count);

        for (const action of steps) {
          if (action.what === 'allocate') {
            let first: number;
            try {
              first = allocators[action.owner]!.allocate(action.count);
            } catch (error) {
              if (!isNoSpace(error)) throw error;
              refused++;
              expect(longestRun()).toBeLessThan(action.count);
              continue;
            }
            expect(first).toBeGreaterThanOrEqual(0);
            expect(first + action.count).toBeLessThanOrEqual(granuleCount);
            expect(model.slice(first, first + action.count)).toEqual(new Array(action.count).fill(-1));
            model.fill(action.owner, first, first + action.count);
            held.push({ owner: action.owner, first, count: action.count });
          } else if (action.what === 'free') {
            if (held.length === 0) continue;
            const [one] = held.splice(action.index % held.length, 1);
            allocators[one!.owner]!.free(one!.first);
            give(one!.first, one!.count);
          } else {
            // Anybody can do it, also twice.
            const survivor = allocators[(action.owner + 1) % OWNERS]!;
            survivor.reclaim(action.owner);
            survivor.reclaim(action.owner);
            for (const one of held) if (one.owner === action.owner) give(one.first, one.count);
            held = held.filter((one) => one.owner !== action.owner);
          }
          expect(allocators[0]!.freeCount()).toBe(model.filter((o) => o < 0).length);
        }
        for (const one of held) allocators[one.owner]!.free(one.first);
        // Everything that was freed can be had in one piece.
        expect(allocators[1]!.allocate(granuleCount)).toBe(0);
        expect(allocators[1]!.freeCount()).toBe(0);
        expect(words.slice(plan.granuleTableWord + granuleCount, plan.heapWord)).toEqual(behind);
      }),
      { numRuns: 100 },
    );
    expect(refused).toBeGreaterThan(0);
  });

  it('frees one of two allocations that touch, and leaves the other', () => {
    const { words, plan } = smallHeap(10);
    const allocator = new Allocator(words, plan, 0);
    const [a, b, c] = [allocator.allocate(3), allocator.allocate(3), allocator.allocate(4)];
    expect([a, b, c]).toEqual([0, 3, 6]);
    allocator.free(b);
    expect(allocator.freeCount()).toBe(3);
    expect(allocator.allocate(3)).toBe(3);
    allocator.free(a);
    allocator.free(c);
    expect(allocator.freeCount()).toBe(7);
  });

  it('says how large the region is when there is no space', () => {
    const { words, plan } = heap(2 ** 20);
    const allocator = new Allocator(words, plan, 0);
    expect(() => allocator.allocate(plan.granuleCount + 1)).toThrow(/--region-size above 1M/);
    expect(allocator.freeCount()).toBe(plan.granuleCount);
  });

  it('reclaims what a rank has left half claimed or half freed', () => {
    const { words, plan } = smallHeap(32);
    const [dead, survivor] = [new Allocator(words, plan, 2), new Allocator(words, plan, 1)];
    const kept = survivor.allocate(5);
    const first = dead.allocate(6);
    // It died in free(), which goes from the last granule to the first, and in allocate(), which goes the other way.
    words[plan.granuleTableWord + first + 5] = 0;
    words[plan.granuleTableWord + 31] = words[plan.granuleTableWord + first]!;
    survivor.reclaim(2);
    expect(survivor.freeCount()).toBe(27);
    survivor.free(kept);
    expect(survivor.allocate(32)).toBe(0);
  });

  it('puts granules side by side into the heap', () => {
    const { words, plan } = heap(2 ** 20);
    const allocator = new Allocator(words, plan, 0);
    expect(allocator.wordOf(0)).toBe(plan.heapWord);
    expect(allocator.wordOf(7) - allocator.wordOf(6)).toBe(plan.granuleBytes / 4);
    expect(allocator.wordOf(plan.granuleCount) * 4).toBeLessThanOrEqual(plan.byteLength);
  });

  it('starts every rank inside of the heap', () => {
    for (const rankCount of [1, 3, 256]) {
      const plan = planRegion(256 * 2 ** 20, rankCount);
      const words = new Int32Array(plan.heapWord);
      const firsts = Array.from({ length: rankCount }, (_, rank) => new Allocator(words, plan, rank).allocate(1));
      expect(new Set(firsts).size).toBe(rankCount);
      expect(Math.max(...firsts)).toBeLessThan(plan.granuleCount);
    }
  });
});

describe('the allocator of several processes, some of which are killed', () => {
  const PROGRAM = join(__dirname, 'programs/allocator-owner.ts');
  const REGION_BYTES = 2 ** 19;
  const STOP_WORD = 15;

  afterEach(killChildren);

  it('never gives one granule to two, and gets everything back', async () => {
    const memory = checked(native.createMemory(REGION_BYTES), 'createMemory');
    const words = new Int32Array(checked<ArrayBuffer>(native.mapMemory(memory, REGION_BYTES), 'mapMemory'));
    const plan = planRegion(REGION_BYTES, OWNERS);
    formatRegion(words, plan);
    const start = (rank: number): Child => new Child(PROGRAM, [rank, 1 + Math.floor(Math.random() * 2 ** 30)], [memory]);
    const owners = Array.from({ length: OWNERS }, (_, rank) => start(rank));
    const outside = new Allocator(words, plan, OWNERS);
    try {
      await Promise.all(owners.map((owner) => owner.line('ready')));
      // Those that die are started again while the others go on; the last one stays dead.
      for (const rank of [3, 1, 3, 2, 3]) {
        await delay(10 + Math.random() * 200);
        owners[rank]!.kill();
        expect(await owners[rank]!.ended).toMatchObject({ signal: 'SIGKILL', errors: '' });
        outside.reclaim(rank);
        owners[rank] = start(rank);
        await owners[rank].line('ready');
      }
      owners[3]!.kill();
      await owners[3]!.ended;
      outside.reclaim(3);
      await delay(100);
      Atomics.store(words, STOP_WORD, 1);
      const survivors = [0, 1, 2];
      const outputs = await Promise.all(survivors.map((rank) => owners[rank]!.success()));

      const expected = new Array<number>(plan.granuleCount).fill(0);
      survivors.forEach((rank, index) => {
        const line = outputs[index]!.split('\n').find((text) => text.startsWith('held '))!;
        const { allocations, held } = JSON.parse(line.slice(5)) as { allocations: number; held: { first: number; count: number }[] };
        expect(allocations).toBeGreaterThan(100);
        for (const { first, count } of held) {
          for (let granule = first; granule < first + count; granule++) {
            expect(expected[granule]).toBe(0);
            expected[granule] = rank + 1;
          }
        }
      });
      // What the survivors hold is theirs, and everything else is free.
      const found = Array.from({ length: plan.granuleCount }, (_, granule) => words[plan.granuleTableWord + granule]! & 0xffff);
      expect(found).toEqual(expected);
      survivors.forEach((rank) => outside.reclaim(rank));
      expect(outside.allocate(plan.granuleCount)).toBe(0);
    } finally {
      native.closeDescriptor(memory);
    }
  });
});
