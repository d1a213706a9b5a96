import { UserMemory } from '../../../src/comm/user-memory';
import { Kind } from '../../../src/comm/elements';
import { native } from '../../../src/native';

const SUM = 0;
const OTHER = new Float64Array(1);

describe('the array of reductions', () => {
  it('has a handle when it came twice in a row, which names its memory', () => {
    const user = new UserMemory();
    const array = new Float64Array([1, 2, 3]).subarray(1);
    expect(user.of(array)).toBe(array);
    const handle = user.of(array);
    expect(handle).not.toBe(array);
    expect(user.of(array)).toBe(handle);
    expect(native.combine(SUM, Kind.Float64, handle, 0, handle, 0, handle, 0, 2)).toBe(0);
    expect([...array]).toEqual([4, 6]);
    expect(native.combine(SUM, Kind.Float64, handle, 0, handle, 0, handle, 0, 3)).toBeLessThan(0);
    expect(user.of(OTHER)).toBe(OTHER);
    expect(user.of(array)).toBe(handle);
  });

  it('has none where it is a part of a large buffer, which would be kept alive', () => {
    const user = new UserMemory();
    const array = new Float64Array(new ArrayBuffer(1 << 20), 8, 4);
    for (let time = 0; time < 3; time++) expect(user.of(array)).toBe(array);
  });

  it('is named by itself when its length has changed', () => {
    const user = new UserMemory();
    const buffer = new (ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer & { resize: (bytes: number) => void })(16, { maxByteLength: 64 });
    const tracking = new Float64Array(buffer);
    user.of(tracking);
    const handle = user.of(tracking);
    expect(handle).not.toBe(tracking);
    for (const byteLength of [64, 8]) {
      buffer.resize(byteLength);
      expect(user.of(tracking)).toBe(tracking);
    }
    buffer.resize(16);
    expect(user.of(tracking)).toBe(handle);

    const sent = new Float64Array(4);
    user.of(sent);
    user.of(sent);
    structuredClone(sent.buffer, { transfer: [sent.buffer] });
    expect(user.of(sent)).toBe(sent);
  });
});
