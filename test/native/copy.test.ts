import { fast, type TypedArray } from '../../src/native';
import { Random } from '../ring/random';

const EINVAL = -22;
const REGION_BYTES = 256;

let memory: ArrayBuffer;
let region: Uint8Array;

beforeEach(() => {
  memory = new ArrayBuffer(REGION_BYTES);
  region = new Uint8Array(memory).fill(7);
});

const arrays = (): TypedArray[] => [
  new Int8Array(16),
  new Uint8ClampedArray(16),
  new Uint16Array(8),
  new Int32Array(4),
  new Float32Array(4),
  new Float64Array(2),
  new BigInt64Array(2),
  Buffer.alloc(16),
  new Uint8Array(new SharedArrayBuffer(16)),
  new Uint8Array(32).subarray(8, 24),
];
const bytesOf = (array: TypedArray): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

describe('copies between the region and an array', () => {
  it('move the bytes that were asked for, and no others', () => {
    for (const array of arrays()) {
      region.fill(7);
      bytesOf(array).set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
      expect(fast.copy(region, 101, array, 3, 5, 0)).toBe(0);
      expect([...region.subarray(99, 108)]).toEqual([7, 7, 4, 5, 6, 7, 8, 7, 7]);
      expect(region.reduce((sum, byte) => sum + byte, 0)).toBe((REGION_BYTES - 5) * 7 + 30);
      expect(fast.copy(array, 10, region, 101, 5, 0)).toBe(0);
      expect([...bytesOf(array)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 4, 5, 6, 7, 8, 16]);
    }
  });

  it('may touch the very ends, and be of nothing', () => {
    const array = new Uint8Array(16).fill(9);
    expect(fast.copy(region, REGION_BYTES - 16, array, 0, 16, 0)).toBe(0);
    expect(region[REGION_BYTES - 1]).toBe(9);
    expect(fast.copy(region, 0, array, 15, 1, 0)).toBe(0);
    expect(region[0]).toBe(9);
    expect(fast.copy(region, REGION_BYTES, array, 16, 0, 0)).toBe(0);
    expect(fast.copy(array, 16, region, REGION_BYTES, 0, 0)).toBe(0);
    expect(fast.copy(new Float64Array(0), 0, region, 0, 0, 0)).toBe(0);
  });

  it.each([
    ['at is negative', -1, 0, 1],
    ['at is beyond the region', REGION_BYTES + 1, 0, 0],
    ['it ends beyond the region', REGION_BYTES - 3, 0, 4],
    ['at is huge', 2 ** 40, 0, 1],
    ['at and count wrap', 2 ** 53, 0, 2 ** 53],
    ['the offset is negative', 0, -1, 1],
    ['the offset is beyond the array', 0, 17, 0],
    ['it ends beyond the array', 0, 13, 4],
    ['the count is negative', 8, 8, -1],
    ['the count is longer than both', 0, 0, 1000],
    ['the offset is infinite', 0, 1e300, 1],
    ['the count is infinite', 0, 0, 1e300],
  ])('are refused, and write nothing, when %s', (_, at, offset, count) => {
    for (const array of arrays()) {
      bytesOf(array).fill(3);
      expect(fast.copy(region, at, array, offset, count, 0)).toBe(EINVAL);
      expect(fast.copy(array, offset, region, at, count, 0)).toBe(EINVAL);
      expect(region.every((byte) => byte === 7)).toBe(true);
      expect(bytesOf(array).every((byte) => byte === 3)).toBe(true);
    }
  });

  it('are refused when an argument is something else', () => {
    const wrong: unknown[][] = [
      [{}, 0, new Uint8Array(4), 0, 4],
      [memory, 0, new Uint8Array(4), 0, 4],
      [region, '0', new Uint8Array(4), 0, 4],
      [region, 0, [1, 2, 3, 4], 0, 4],
      [region, 0, new DataView(new ArrayBuffer(4)), 0, 4],
      [region, 0, null, 0, 4],
      [region, 0, new Uint8Array(4), undefined, 4],
      [region, 0, new Uint8Array(4), 0, undefined],
      [],
    ];
    for (const [to, toOffset, from, fromOffset, byteLength] of wrong) {
      const copy = fast.copy as (...args: unknown[]) => unknown;
      expect(copy(to, toOffset, from, fromOffset, byteLength, 0)).toBe(EINVAL);
      expect(copy(from, fromOffset, to, toOffset, byteLength, 0)).toBe(EINVAL);
    }
    for (const forOthers of [2, -1, '1', undefined]) expect((fast.copy as (...args: unknown[]) => unknown)(region, 0, new Uint8Array(4), 0, 4, forOthers)).toBe(EINVAL);
    expect(region.every((byte) => byte === 7)).toBe(true);
  });

  it('see that an array was transferred away', () => {
    const array = new Uint8Array(16);
    structuredClone(array.buffer, { transfer: [array.buffer] });
    expect(fast.copy(region, 0, array, 0, 1, 0)).toBe(EINVAL);
    expect(fast.copy(array, 0, region, 0, 1, 0)).toBe(EINVAL);
  });
});

describe('taking what begins at a word of the region', () => {
  it('moves the bytes that were asked for, and no others', () => {
    const words = new Int32Array(memory);
    for (const array of arrays()) {
      region.set([1, 2, 3, 4, 5, 6, 7], 12);
      bytesOf(array).fill(9);
      expect(fast.take(words, 3, array, 5)).toBe(0);
      expect([...bytesOf(array)]).toEqual([1, 2, 3, 4, 5, ...new Array<number>(11).fill(9)]);
    }
  });

  it.each([
    ['the word is negative', -1, 1],
    ['the word is none', 0.5, 1],
    ['the word is beyond the region', REGION_BYTES / 4 + 1, 0],
    ['it ends beyond the region', REGION_BYTES / 4 - 1, 5],
    ['the word is huge', 2 ** 53, 1],
    ['it ends beyond the array', 0, 17],
    ['the count is negative', 0, -1],
    ['the count is infinite', 0, Infinity],
  ])('is refused, and writes nothing, when %s', (_, word, count) => {
    for (const array of arrays()) {
      bytesOf(array).fill(3);
      expect(fast.take(new Int32Array(memory), word, array, count)).toBe(EINVAL);
      expect(bytesOf(array).every((byte) => byte === 3)).toBe(true);
    }
  });

  it('is refused when an argument is something else', () => {
    const take = fast.take as (...args: unknown[]) => unknown;
    const words = new Int32Array(memory);
    for (const wrong of [[{}, 0, region, 4], [words, '0', region, 4], [words, 0, [1, 2, 3, 4], 4], [words, 0, null, 4], [words, 0, region, undefined], []]) {
      expect(take(...wrong)).toBe(EINVAL);
    }
    expect(region.every((byte) => byte === 7)).toBe(true);
  });
});

describe('short copies', () => {
  const MOST = 300;
  const MARGIN = 80;
  const BYTES = MOST + 2 * MARGIN;
  /** Copies for this rank and copies that others read go different ways. */
  const COPIES = [
    ['for itself', (to: Buffer, at: number, from: Buffer, offset: number, byteLength: number) => fast.copy(to, at, from, offset, byteLength, 0)],
    ['for others', (to: Buffer, at: number, from: Buffer, offset: number, byteLength: number) => fast.copy(to, at, from, offset, byteLength, 1)],
  ] as const;

  it.each(COPIES)('%s, of every length, move the bytes that were asked for, and no others, from any place to any', (_, copy) => {
    const random = new Random(MOST);
    const from = Buffer.from(Array.from({ length: BYTES }, () => random.below(256)));
    for (let byteLength = 0; byteLength <= MOST; byteLength++) {
      for (let time = 0; time < 8; time++) {
        const [at, offset] = [random.below(MARGIN), random.below(MARGIN)];
        const to = Buffer.alloc(BYTES, 7);
        expect(copy(to, at, from, offset, byteLength)).toBe(0);
        const wanted = Buffer.alloc(BYTES, 7);
        from.copy(wanted, at, offset, offset + byteLength);
        expect(to.equals(wanted)).toBe(true);
      }
    }
  });
});

describe('long copies', () => {
  /** Whole pages. */
  const BYTES = 700 * 1024;
  const MARGIN = 128;
  const LINE = 64;
  /** Around the limits between ways to copy, and of the vectors in one. */
  const LENGTHS = [2047, 2048, 2049, 2079, 2080, 2175, 2176, 2177, 4096, 65_536, 65_543, 512 * 1024 - 1, 512 * 1024, 512 * 1024 + 1];

  it.each(LENGTHS)('of %d bytes move the bytes that were asked for, and no others, from any place to any', (byteLength) => {
    const random = new Random(byteLength);
    // One memory, so that the places within a page are as chosen: how a copy is done depends on them.
    const memory = Buffer.from(new ArrayBuffer(2 * BYTES));
    const [from, to] = [memory.subarray(0, BYTES), memory.subarray(BYTES)];
    for (let i = 0; i < BYTES; i += 4) from.writeUInt32LE(random.below(2 ** 32), i);
    for (let time = 0; time < 40; time++) {
      const offset = random.below(MARGIN);
      // Every other time the target begins up to a line above the source within a page.
      const at = time % 2 === 0 ? random.below(MARGIN) : offset + random.below(LINE);
      to.fill(7);
      expect(fast.copy(to, at, from, offset, byteLength, 0)).toBe(0);
      const wanted = Buffer.alloc(BYTES, 7);
      from.copy(wanted, at, offset, offset + byteLength);
      expect(to.equals(wanted)).toBe(true);
    }
  });
});

