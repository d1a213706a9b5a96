import { join } from 'node:path';
import { native } from '../../src/native';
import { Child, killChildren } from './child';

const EFAULT = -14;
const EINVAL = -22;
const ESRCH = -3;
const BYTES = 3_000_001;
const byteAt = (i: number): number => (i * 7 + (i >>> 8)) & 0xff;

afterEach(killChildren);

describe('copying from and to another process', () => {
  let child: Child;
  let address: number;
  let partAddress: number;

  beforeEach(async () => {
    child = new Child(join(__dirname, 'programs/readable.ts'), [BYTES]);
    [address, partAddress] = (await child.line('at ')).split(' ').slice(1).map(Number) as [number, number];
  });

  it('gets its bytes, and what cannot be had is a code', async () => {
    const target = new Uint8Array(BYTES + 2);
    const part = target.subarray(1, BYTES + 1);
    expect(native.readProcess(child.pid, address, part, 0, BYTES)).toBe(0);
    expect(part.findIndex((byte, i) => byte !== byteAt(i))).toBe(-1);
    expect([target[0], target.at(-1)]).toEqual([0, 0]);

    // A view is addressed where it begins, and any type of array is bytes.
    const doubles = new Float64Array(4).fill(1);
    expect(partAddress).toBe(address + 1000);
    expect(native.readProcess(child.pid, partAddress, doubles, 0, 16)).toBe(0);
    expect([...new Uint8Array(doubles.buffer, 0, 16)]).toEqual(Array.from({ length: 16 }, (_, i) => byteAt(1000 + i)));
    expect([...doubles.subarray(2)]).toEqual([1, 1]);

    const small = new Uint8Array(64).fill(9);
    for (const bad of [0, 16, -1, 2 ** 47 + 4096]) expect(native.readProcess(child.pid, bad, small, 0, 64)).toBe(EFAULT);
    expect(native.readProcess(child.pid, address, small, 0, 65)).toBe(EINVAL);
    expect(native.readProcess(child.pid, address, small, 0, -1)).toBe(EINVAL);
    expect(native.readProcess(child.pid, address, small, 0, 0)).toBe(0);
    expect(small.every((byte) => byte === 9)).toBe(true);

    child.kill();
    await child.ended;
    expect(native.readProcess(child.pid, address, small, 0, 64)).toBe(ESRCH);
  });

  it('takes bytes as well', async () => {
    const bytes = Float64Array.of(1.5, 2.5, 3.5);
    expect(native.writeProcess(child.pid, partAddress, bytes, 8, 16)).toBe(0);
    const got = new Float64Array(2);
    expect(native.readProcess(child.pid, partAddress, got, 0, 16)).toBe(0);
    expect([...got]).toEqual([2.5, 3.5]);
    // Only what was written has changed.
    const around = new Uint8Array(2);
    expect(native.readProcess(child.pid, partAddress - 1, around, 0, 1)).toBe(0);
    expect(native.readProcess(child.pid, partAddress + 16, around, 1, 1)).toBe(0);
    expect([...around]).toEqual([byteAt(999), byteAt(1016)]);

    expect(native.writeProcess(child.pid, 16, bytes, 0, 8)).toBe(EFAULT);
    for (const [offset, byteLength] of [[8, 17], [25, 0], [-1, 1], [0, -1]] as const) {
      expect(native.writeProcess(child.pid, partAddress, bytes, offset, byteLength)).toBe(EINVAL);
      expect(native.readProcess(child.pid, partAddress, bytes, offset, byteLength)).toBe(EINVAL);
    }
    child.kill();
    await child.ended;
    expect(native.writeProcess(child.pid, partAddress, bytes, 0, 8)).toBe(ESRCH);
  });

  // Where the target begins a few bytes above the source within a page, the copy goes by way of other memory.
  it.each([0, 1, 16, 31, 32, 4095])('moves the same bytes wherever both lie within a page: target %d bytes above the source', (above) => {
    const PAGE = 4096;
    const room = new Uint8Array(BYTES + 2 * PAGE);
    const start = native.addressOf(room);
    /** Index in the room of an address that is `above` bytes above another, modulo pages. */
    const indexOf = (other: number, distance: number): number => (((other + distance - start) % PAGE) + PAGE) % PAGE;
    for (const byteLength of [1, 2048, 2049, 65_536, 65_537, BYTES]) {
      room.fill(9);
      const at = indexOf(address, above);
      expect(native.readProcess(child.pid, address, room, at, byteLength)).toBe(0);
      const end = at + byteLength;
      expect(room.findIndex((byte, i) => byte !== (i < at || i >= end ? 9 : byteAt(i - at)))).toBe(-1);
    }
    for (const byteLength of [2049, 65_537, BYTES - 1000]) {
      const from = indexOf(partAddress, -above);
      room.forEach((_, i) => (room[i] = byteAt(i + byteLength)));
      expect(native.writeProcess(child.pid, partAddress, room, from, byteLength)).toBe(0);
      const got = new Uint8Array(BYTES - 1000);
      expect(native.readProcess(child.pid, partAddress, got, 0, byteLength)).toBe(0);
      expect(Buffer.compare(got.subarray(0, byteLength), room.subarray(from, from + byteLength))).toBe(0);
    }
    expect(native.readProcess(child.pid, PAGE - above, room, indexOf(0, 0), 3 * PAGE)).toBe(EFAULT);
    expect(native.writeProcess(child.pid, PAGE + above, room, indexOf(0, 0), 3 * PAGE)).toBe(EFAULT);
  });

  it('gets several pieces at once, and says how many', () => {
    const PIECES = [[0, 70_000], [70_000, 1], [70_001, 0], [100_000, 5000], [200_001, 2_000_000]] as const;
    const addresses = Float64Array.from(PIECES, ([from]) => address + from);
    const byteLengths = Float64Array.from(PIECES, ([, byteLength]) => byteLength);
    // Some of them begin a few bytes above their source within a page.
    for (const shift of [0, 8, 16]) {
      const arrays = PIECES.map(([, byteLength]) => new Uint8Array(byteLength + shift + 1).fill(9).subarray(shift));
      expect(native.readMany(child.pid, addresses, arrays, byteLengths, PIECES.length)).toBe(PIECES.length);
      arrays.forEach((array, piece) => {
        const [from, byteLength] = PIECES[piece]!;
        expect(array.findIndex((byte, i) => byte !== (i < byteLength ? byteAt(from + i) : 9))).toBe(-1);
      });
      for (let bad = 0; bad < PIECES.length; bad++) {
        if (PIECES[bad]![1] === 0) continue; // nothing is read there
        const wrong = addresses.with(bad, 16);
        arrays.forEach((array) => array.fill(9));
        expect(native.readMany(child.pid, wrong, arrays, byteLengths, PIECES.length)).toBe(bad === 0 ? EFAULT : bad);
        for (let piece = bad; piece < PIECES.length; piece++) expect(arrays[piece]!.every((byte) => byte === 9)).toBe(true);
      }
    }
  });

  it('refuses pieces that are no such ones', () => {
    const array = new Uint8Array(64);
    const [one, eight, long, none] = [Float64Array.of(address), Float64Array.of(8), Float64Array.of(65), new Float64Array(0)];
    const many = new Float64Array(17).fill(1);
    const read = native.readMany.bind(native) as (...args: unknown[]) => unknown;
    for (const wrong of [
      [child.pid, one, [array], long, 1],
      [child.pid, one, [array], Float64Array.of(-1), 1],
      [child.pid, one, [array], Float64Array.of(NaN), 1],
      [child.pid, Float64Array.of(-1), [array], eight, 1],
      [child.pid, Float64Array.of(NaN), [array], eight, 1],
      [child.pid, none, [array], eight, 1],
      [child.pid, one, [array], none, 1],
      [child.pid, one, [], eight, 1],
      [child.pid, one, [{}], eight, 1],
      [child.pid, many, new Array(17).fill(array), many, 17],
      [child.pid, one, [array], eight, '1'],
      [],
    ]) {
      expect(read(...wrong)).toBe(EINVAL);
    }
    expect(array.every((byte) => byte === 0)).toBe(true);
    expect(native.readMany(child.pid, one, [array], eight, 0)).toBe(0);
    expect(native.readMany(child.pid, one, [array], eight, 1)).toBe(1);
  });

  it('stops where its memory ends', () => {
    // Its arrays are somewhere in the lower half of the address space, which is not mapped from end to end.
    const most = new Uint8Array(2 ** 30);
    expect(native.readProcess(child.pid, address, most, 0, 2 ** 30)).toBe(EFAULT);
  });
});

describe('this process', () => {
  it('can be bound to cores that it may use, and to no others', () => {
    const cores = native.allowedCores();
    expect(cores.length).toBeGreaterThan(0);
    expect(cores).toEqual([...new Set(cores)].sort((a, b) => a - b));
    expect(native.bindToCore(1023)).toBe(EINVAL);
    expect(native.allowedCores()).toEqual(cores);
  });
});
