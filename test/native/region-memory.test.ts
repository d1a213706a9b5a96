import { native, type TypedArray } from '../../src/native';

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
      const handle = native.memoryHandle(new Uint8Array(memory));
      region.fill(7);
      bytesOf(array).set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
      expect(native.copyIn(handle, 101, array, 3, 5)).toBeUndefined();
      expect([...region.subarray(99, 108)]).toEqual([7, 7, 4, 5, 6, 7, 8, 7, 7]);
      expect(region.reduce((sum, byte) => sum + byte, 0)).toBe((REGION_BYTES - 5) * 7 + 30);
      expect(native.copyOut(handle, 101, array, 10, 5)).toBeUndefined();
      expect([...bytesOf(array)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 4, 5, 6, 7, 8, 16]);
    }
  });

  it('may touch the very ends, and be of nothing', () => {
    const handle = native.memoryHandle(new Uint8Array(memory));
    const array = new Uint8Array(16).fill(9);
    expect(native.copyIn(handle, REGION_BYTES - 16, array, 0, 16)).toBeUndefined();
    expect(region[REGION_BYTES - 1]).toBe(9);
    expect(native.copyIn(handle, 0, array, 15, 1)).toBeUndefined();
    expect(region[0]).toBe(9);
    expect(native.copyIn(handle, REGION_BYTES, array, 16, 0)).toBeUndefined();
    expect(native.copyOut(handle, REGION_BYTES, array, 16, 0)).toBeUndefined();
    expect(native.copyOut(handle, 0, new Float64Array(0), 0, 0)).toBeUndefined();
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
    const handle = native.memoryHandle(new Uint8Array(memory));
    for (const array of arrays()) {
      bytesOf(array).fill(3);
      expect(native.copyIn(handle, at, array, offset, count)).toBe(EINVAL);
      expect(native.copyOut(handle, at, array, offset, count)).toBe(EINVAL);
      expect(region.every((byte) => byte === 7)).toBe(true);
      expect(bytesOf(array).every((byte) => byte === 3)).toBe(true);
    }
  });

  it('are refused when an argument is something else', () => {
    const handle = native.memoryHandle(new Uint8Array(memory));
    const wrong: unknown[][] = [
      [{}, 0, new Uint8Array(4), 0, 4],
      [memory, 0, new Uint8Array(4), 0, 4],
      [handle, '0', new Uint8Array(4), 0, 4],
      [handle, 0, [1, 2, 3, 4], 0, 4],
      [handle, 0, new DataView(new ArrayBuffer(4)), 0, 4],
      [handle, 0, null, 0, 4],
      [handle, 0, new Uint8Array(4), undefined, 4],
      [handle, 0, new Uint8Array(4), 0],
      [],
    ];
    const copies = native as unknown as Record<'copyIn' | 'copyOut', (...args: unknown[]) => unknown>;
    for (const args of wrong) {
      expect(copies.copyIn(...args)).toBe(EINVAL);
      expect(copies.copyOut(...args)).toBe(EINVAL);
    }
    expect(region.every((byte) => byte === 7)).toBe(true);
  });

  it('see that an array was transferred away', () => {
    const array = new Uint8Array(16);
    structuredClone(array.buffer, { transfer: [array.buffer] });
    const handle = native.memoryHandle(new Uint8Array(memory));
    expect(native.copyIn(handle, 0, array, 0, 1)).toBe(EINVAL);
    expect(native.copyOut(handle, 0, array, 0, 1)).toBe(EINVAL);
  });
});

describe('yieldWhileSame', () => {
  const FOREVER = 2 ** 50;

  it('returns at once when a word is not what it was', () => {
    const words = new Int32Array(memory).fill(5);
    words[9] = -6;
    const handle = native.memoryHandle(new Uint8Array(memory));
    // With such a number of turns it would not return in a lifetime.
    native.yieldWhileSame(handle, new Int32Array([3, 9]), new Int32Array([5, 5]), 2, FOREVER);
    native.yieldWhileSame(handle, new Int32Array([9]), new Int32Array([5]), 1, FOREVER);
  });

  it('returns after its turns when nothing changes', () => {
    new Int32Array(memory).fill(5);
    native.yieldWhileSame(native.memoryHandle(new Uint8Array(memory)), new Int32Array([0, 63]), new Int32Array([5, 5]), 2, 100);
    native.yieldWhileSame(native.memoryHandle(new Uint8Array(memory)), new Int32Array(2), new Int32Array(2), 0, 3);
  });

  it('returns at once, and reads nothing, when a position or the count is out of bounds', () => {
    const handle = native.memoryHandle(new Uint8Array(memory));
    const zero = new Int32Array(memory).fill(0);
    for (const position of [-1, REGION_BYTES / 4, 2 ** 31 - 1, -(2 ** 31)]) {
      native.yieldWhileSame(handle, new Int32Array([0, position]), zero, 2, FOREVER);
    }
    for (const count of [3, -1, 2 ** 40]) native.yieldWhileSame(handle, new Int32Array(2), new Int32Array(2), count, FOREVER);
  });
});
