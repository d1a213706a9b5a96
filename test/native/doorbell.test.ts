import { checked, native } from '../../src/native';

const EINVAL = -22;
const EBADF = -9;

let doorbells: number[];
beforeEach(() => {
  doorbells = [0, 1, 2].map(() => checked(native.createDoorbell(), 'createDoorbell'));
});
afterEach(() => {
  doorbells.forEach((doorbell) => native.closeDescriptor(doorbell));
});

const sleep = (timeoutMs: number, ...descriptors: number[]): number => native.sleepOn(new Int32Array(descriptors), timeoutMs);

describe('a doorbell', () => {
  it('counts how often it was rung, until it is cleared', () => {
    const [doorbell] = doorbells as [number];
    expect(native.clearDoorbell(doorbell)).toBe(0);
    for (let ring = 0; ring < 5; ring++) expect(native.ringDoorbell(doorbell)).toBe(0);
    expect(native.clearDoorbell(doorbell)).toBe(5);
    expect(native.clearDoorbell(doorbell)).toBe(0);
  });

  it('that was rung ends a sleep at once, again and again, until it is cleared', () => {
    const [doorbell] = doorbells as [number];
    native.ringDoorbell(doorbell);
    for (const timeoutMs of [-1, 0, 1e9]) expect(sleep(timeoutMs, doorbell)).toBe(1);
    native.clearDoorbell(doorbell);
    expect(sleep(0, doorbell)).toBe(0);
  });

  it('that is silent lets a sleep last its time', () => {
    for (const timeoutMs of [0, 0.5, 20, 35.5]) {
      const before = performance.now();
      expect(sleep(timeoutMs, ...doorbells)).toBe(0);
      // The clocks of the two sides need not agree to the last digit.
      expect(performance.now() - before).toBeGreaterThanOrEqual(timeoutMs - 0.1);
    }
  });

  it('is heard among others', () => {
    native.ringDoorbell(doorbells[2]!);
    expect(sleep(-1, ...doorbells)).toBe(1);
    expect(sleep(0, doorbells[0]!, doorbells[1]!)).toBe(0);
  });

  it('can be waited for longer than any clock counts', () => {
    native.ringDoorbell(doorbells[0]!);
    expect(sleep(Number.MAX_SAFE_INTEGER, doorbells[0]!)).toBe(1);
    expect(sleep(Number.MAX_VALUE, doorbells[0]!)).toBe(1);
    expect(sleep(Infinity, doorbells[0]!)).toBe(1);
  });

  it('is an error when there is none', () => {
    expect(native.ringDoorbell(-1)).toBe(EBADF);
    expect(native.clearDoorbell(-1)).toBe(0);
    expect(sleep(0, ...new Array<number>(17).fill(doorbells[0]!))).toBe(EINVAL);
    expect(sleep(0)).toBe(0);
  });
});
