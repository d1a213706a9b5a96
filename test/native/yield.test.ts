import { fast } from '../../src/native';

const REGION_BYTES = 256;

let memory: ArrayBuffer;

beforeEach(() => {
  memory = new ArrayBuffer(REGION_BYTES);
});

describe('yieldWhileSame', () => {
  const FOREVER = 2 ** 50;
  const EINVAL = -22;

  it('returns at once when a word is not what it was', () => {
    const words = new Int32Array(memory).fill(5);
    words[9] = -6;
    // With such a number of turns it would not return in a lifetime.
    fast.yieldWhileSame(new Int32Array(memory), new Int32Array([3, 9]), new Int32Array([5, 5]), 2, FOREVER);
    fast.yieldWhileSame(new Int32Array(memory), new Int32Array([9]), new Int32Array([5]), 1, FOREVER);
  });

  it('returns after its turns when nothing changes', () => {
    new Int32Array(memory).fill(5);
    fast.yieldWhileSame(new Int32Array(memory), new Int32Array([0, 63]), new Int32Array([5, 5]), 2, 100);
    fast.yieldWhileSame(new Int32Array(memory), new Int32Array(2), new Int32Array(2), 0, 3);
  });

  it('returns at once, and reads nothing, when a position or the count is out of bounds', () => {
    const zero = new Int32Array(memory).fill(0);
    for (const position of [-1, REGION_BYTES / 4, 2 ** 31 - 1, -(2 ** 31)]) {
      expect(fast.yieldWhileSame(new Int32Array(memory), new Int32Array([0, position]), zero, 2, FOREVER)).toBe(EINVAL);
    }
    for (const count of [3, -1, 2 ** 40]) expect(fast.yieldWhileSame(new Int32Array(memory), new Int32Array(2), new Int32Array(2), count, FOREVER)).toBe(EINVAL);
    expect(fast.yieldWhileSame(new Int32Array(memory), new Int32Array(2), new Int32Array(2), 0, -1)).toBe(EINVAL);
  });
});
