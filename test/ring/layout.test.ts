import fc from 'fast-check';
import { native, checked } from '../../src/native';
import {
  formatRegion,
  LINE_BYTES,
  LINE_WORDS,
  MAX_RANKS,
  MAX_REGION_BYTES,
  planRegion,
  RANK_ARMED,
  RANK_KERNEL,
  RANK_MARKS,
  RANK_PEER,
  RANK_PHASE,
  RANK_PID,
  RANK_SENDS_TO,
  RANK_SLOT,
  RANK_STATE,
  rankWord,
  readRegion,
  recordLines,
  type RegionPlan,
  smallestRegionBytes,
} from '../../src/ring/layout';

const MIB = 2 ** 20;
const errorOf = (action: () => unknown): { code?: string; message: string } => {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
};

/** What is wrong with a plan; expect would be slow for all of them. */
function faults(plan: RegionPlan, byteLength: number, rankCount: number): string[] {
  const found: string[] = [];
  const check = (isRight: boolean, what: string): void => {
    if (!isRight) found.push(`${what}: ${byteLength} bytes, ${rankCount} ranks`);
  };
  const heapByte = plan.heapWord * 4;
  const ringBytes = plan.ringGranules * plan.granuleBytes;
  check(plan.byteLength === byteLength && plan.rankCount === rankCount, 'sizes');
  check(Object.values(plan).every((value) => Number.isInteger(value) && value >= 0), 'whole numbers');
  check(rankWord(0) >= LINE_WORDS, 'the rank table overlaps the header');
  check(plan.directoryWord >= rankWord(rankCount), 'the directory overlaps the rank table');
  check(plan.granuleTableWord >= plan.directoryWord + rankCount * rankCount, 'the granule table overlaps the directory');
  check(plan.heapWord >= plan.granuleTableWord + plan.granuleCount, 'the heap overlaps the granule table');
  check(heapByte + plan.granuleCount * plan.granuleBytes <= byteLength, 'the heap is longer than the region');
  check(heapByte % LINE_BYTES === 0 && plan.granuleBytes % LINE_BYTES === 0, 'alignment');
  check((plan.granuleTableWord * 4) % LINE_BYTES === 0, 'alignment of the granule table');
  check(plan.ringGranules >= 1 && Number.isInteger(Math.log2(ringBytes)), 'the size of a ring');
  check(plan.granuleCount >= plan.ringGranules * rankCount * (rankCount - 1), 'not every pair has a ring');
  check(plan.granuleCount >= 1, 'no heap');
  return found;
}

const powers = (from: number, to: number): number[] => {
  const sizes: number[] = [];
  for (let size = from; size <= to; size *= 2) sizes.push(size);
  return sizes;
};

describe('the plan of a region', () => {
  it('has room for everything, for every number of ranks and every size', () => {
    const found: string[] = [];
    for (let rankCount = 1; rankCount <= MAX_RANKS; rankCount++) {
      const sizes = powers(smallestRegionBytes(rankCount), MAX_REGION_BYTES);
      if (sizes.length === 0) found.push(`no region for ${rankCount} ranks`);
      for (const isEmulated of [false, true]) {
        for (const byteLength of sizes) found.push(...faults(planRegion(byteLength, rankCount, isEmulated), byteLength, rankCount));
      }
    }
    expect(found).toEqual([]);
  });

  it('fits 256 ranks into 256 MiB', () => {
    expect(smallestRegionBytes(256)).toBeLessThanOrEqual(256 * MIB);
    expect(faults(planRegion(256 * MIB, 256), 256 * MIB, 256)).toEqual([]);
  });

  it('gives the largest rings and most of the heap to few ranks', () => {
    const plan = planRegion(256 * MIB, 2);
    expect(plan.ringGranules * plan.granuleBytes).toBe(2 * MIB);
    expect(plan.granuleCount * plan.granuleBytes).toBeGreaterThan(0.99 * 256 * MIB);
  });

  it('has rings of 256 KiB at least where the heap allows, and no more where they would be very long together', () => {
    const ringKib = (isEmulated: boolean) => (ranks: number): number => {
      const plan = planRegion(256 * MIB, ranks, isEmulated);
      return (plan.ringGranules * plan.granuleBytes) / 1024;
    };
    expect([2, 3, 4, 5, 8, 16, 23, 24].map(ringKib(false))).toEqual([2048, 1024, 512, 256, 256, 256, 256, 128]);
    expect([2, 3, 4, 5, 8, 16, 23, 24].map(ringKib(true))).toEqual([16384, 8192, 4096, 2048, 1024, 256, 256, 128]);
  });

  it.each([1, 2, 3, 8, 33, 100, 255, 256])('says which size is enough when one is too small: %d ranks', (rankCount) => {
    const smallest = smallestRegionBytes(rankCount);
    for (const byteLength of powers(64, smallest / 2)) {
      const { code, message } = errorOf(() => planRegion(byteLength, rankCount));
      expect(code).toBe('ERR_ZIVM_NO_SPACE');
      const [, number, unit] = /--region-size (\d+)([KM])\b/.exec(message)!;
      const advised = Number(number) * (unit === 'M' ? MIB : 1024);
      expect(faults(planRegion(advised, rankCount), advised, rankCount)).toEqual([]);
    }
  });

  it('gives every rank lines of its own, one writer each', () => {
    const lineOf = (word: number): number => Math.floor(word / LINE_WORDS);
    const lines = new Set<number>();
    for (let rank = 0; rank < MAX_RANKS; rank++) {
      const byServer = [RANK_STATE, RANK_PEER, RANK_SLOT].map((word) => lineOf(rankWord(rank) + word));
      const byRank = [RANK_ARMED, RANK_PHASE, RANK_PID, RANK_KERNEL, RANK_SENDS_TO].map((word) => lineOf(rankWord(rank) + word));
      const byAll = [RANK_MARKS, RANK_MARKS + MAX_RANKS / 32 - 1].map((word) => lineOf(rankWord(rank) + word));
      for (const line of [byServer, byRank, byAll]) {
        expect(new Set(line).size).toBe(1);
        lines.add(line[0]!);
      }
    }
    expect(lines.size).toBe(3 * MAX_RANKS);
  });
});

describe('a record', () => {
  it.each([
    [0, 1],
    [32, 1],
    [33, 2],
    [96, 2],
    [97, 3],
    [2 ** 31 - 1, 2 ** 25 + 1],
  ])('with a payload of %d bytes has %d lines', (byteLength, lines) => {
    expect(recordLines(byteLength)).toBe(lines);
  });
});

describe('the header of a region', () => {
  const HEADER_WORDS = { magic: 0, version: 1, rankCount: 2, granuleBytes: 3, granuleCount: 4, heapLine: 5, ringGranules: 6 };
  const made = (byteLength: number, rankCount: number): Int32Array => {
    const words = new Int32Array(byteLength / 4);
    formatRegion(words, planRegion(byteLength, rankCount));
    return words;
  };

  it('tells whoever attaches the plan', () => {
    for (const rankCount of [1, 2, 3, 4, 7, 32, 33]) {
      for (const byteLength of powers(smallestRegionBytes(rankCount), 16 * MIB)) {
        expect(readRegion(made(byteLength, rankCount))).toEqual(planRegion(byteLength, rankCount));
      }
      const emulated = planRegion(256 * MIB, rankCount, true);
      const words = new Int32Array(emulated.byteLength / 4);
      formatRegion(words, emulated);
      expect(readRegion(words)).toEqual(emulated);
    }
  });

  it('does so in the largest region', () => {
    const memory = checked(native.createMemory(MAX_REGION_BYTES), 'createMemory');
    const words = new Int32Array(checked<ArrayBuffer>(native.mapMemory(memory, MAX_REGION_BYTES), 'mapMemory'));
    native.closeDescriptor(memory);
    const plan = planRegion(MAX_REGION_BYTES, 256);
    formatRegion(words, plan);
    expect(readRegion(words)).toEqual(plan);
  });

  it('is written with its magic last, so that half a region is none', () => {
    const words = new Int32Array(MIB / 4);
    expect(errorOf(() => readRegion(words))).toMatchObject({ code: 'ERR_ZIVM_VERSION' });
    const written: number[] = [];
    const spied = new Proxy(words, {
      set: (target, word, value: number) => {
        written.push(Number(word));
        target[Number(word)] = value;
        return true;
      },
    });
    // The last store is atomic, which a proxy does not allow: everything else has been written by then.
    expect(() => formatRegion(spied, planRegion(MIB, 2))).toThrow(TypeError);
    expect(written.length).toBeGreaterThanOrEqual(6);
    expect(errorOf(() => readRegion(words))).toMatchObject({ code: 'ERR_ZIVM_VERSION' });
  });

  it('of something else, or of another version, is ERR_ZIVM_VERSION', () => {
    fc.assert(
      fc.property(fc.constantFrom('magic', 'version'), fc.integer(), (name, value) => {
        const words = made(MIB, 2);
        fc.pre(words[HEADER_WORDS[name as 'magic']] !== value);
        words[HEADER_WORDS[name as 'magic']] = value;
        expect(errorOf(() => readRegion(words))).toMatchObject({ code: 'ERR_ZIVM_VERSION' });
      }),
    );
  });

  it.each(['granuleBytes', 'granuleCount', 'heapLine', 'ringGranules'] as const)('with another %s is ERR_ZIVM_CORRUPT', (name) => {
    const words = made(MIB, 2);
    const right = words[HEADER_WORDS[name]]!;
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.integer({ min: -2, max: 2 }).map((by) => right + by), fc.constant(0)), (value) => {
        fc.pre(value !== right);
        words[HEADER_WORDS[name]] = value;
        expect(errorOf(() => readRegion(words))).toMatchObject({ code: 'ERR_ZIVM_CORRUPT' });
      }),
    );
  });

  it('with a number of ranks that nobody can have is ERR_ZIVM_CORRUPT', () => {
    const words = made(MIB, 2);
    for (const value of [0, -1, -(2 ** 31), MAX_RANKS + 1, 2 ** 31 - 1]) {
      words[HEADER_WORDS.rankCount] = value;
      expect(errorOf(() => readRegion(words))).toMatchObject({ code: 'ERR_ZIVM_CORRUPT' });
    }
  });

  it('of a region of another size is ERR_ZIVM_CORRUPT', () => {
    const words = made(4 * MIB, 2);
    for (const length of [MIB / 8, MIB / 4, MIB / 2, MIB - 1024]) {
      expect(errorOf(() => readRegion(words.subarray(0, length)))).toMatchObject({ code: 'ERR_ZIVM_CORRUPT' });
    }
  });

  it('is right, or is refused, whatever is in it', () => {
    const words = made(MIB, 4);
    const header = words.slice(0, LINE_WORDS);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 2, max: 6 }), fc.integer({ min: -4, max: 300 })), { maxLength: 4 }), (changes) => {
        words.set(header);
        for (const [word, value] of changes) words[word] = value;
        let plan: RegionPlan;
        try {
          plan = readRegion(words);
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_ZIVM_CORRUPT' });
          return;
        }
        expect(plan.heapWord + (plan.granuleCount * plan.granuleBytes) / 4).toBeLessThanOrEqual(words.length);
        expect(plan.granuleTableWord + plan.granuleCount).toBeLessThanOrEqual(plan.heapWord);
      }),
      { numRuns: 500 },
    );
  });
});
