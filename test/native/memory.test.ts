import { ftruncateSync, readFileSync } from 'node:fs';
import { checked, native } from '../../src/native';

const EBADF = -9;
const BYTES = 1 << 16;

const made: number[] = [];
function memory(byteLength = BYTES): number {
  const descriptor = checked(native.createMemory(byteLength), 'createMemory');
  made.push(descriptor);
  return descriptor;
}
const mapped = (descriptor: number, byteLength = BYTES): Uint8Array =>
  new Uint8Array(checked<ArrayBuffer>(native.mapMemory(descriptor, byteLength), 'mapMemory'));

afterEach(() => {
  for (const descriptor of made.splice(0)) native.closeDescriptor(descriptor);
});

describe('shared memory', () => {
  it('has the size that was asked for, and is zero', () => {
    const descriptor = memory();
    expect(native.memorySize(descriptor)).toBe(BYTES);
    const bytes = mapped(descriptor);
    expect(bytes.length).toBe(BYTES);
    expect(bytes.every((byte) => byte === 0)).toBe(true);
  });

  it('can be as large as an ArrayBuffer: pages are used when touched', () => {
    const descriptor = memory(2 ** 32);
    expect(native.memorySize(descriptor)).toBe(2 ** 32);
    const bytes = mapped(descriptor, 2 ** 32);
    bytes[2 ** 32 - 1] = 42;
    expect(bytes.at(-1)).toBe(42);
  });

  it('is the same in all mappings, also after the descriptor was closed', () => {
    const descriptor = checked(native.createMemory(BYTES), 'createMemory');
    const [a, b] = [mapped(descriptor), mapped(descriptor)];
    a[1234] = 56;
    expect(b[1234]).toBe(56);
    expect(native.closeDescriptor(descriptor)).toBe(0);
    b[BYTES - 1] = 78;
    expect(a[BYTES - 1]).toBe(78);
    expect(Atomics.add(new Int32Array(a.buffer), 0, 5)).toBe(0);
    expect(Atomics.load(new Int32Array(b.buffer), 0)).toBe(5);
  });

  it('is sealed: nobody can make it shorter or longer', () => {
    const descriptor = memory();
    for (const byteLength of [0, BYTES / 2, BYTES * 2]) {
      expect(() => ftruncateSync(descriptor, byteLength)).toThrow(expect.objectContaining({ code: 'EPERM' }) as Error);
    }
    expect(native.memorySize(descriptor)).toBe(BYTES);
  });

  it('is not handed to programs that a rank starts', () => {
    const O_CLOEXEC = 0o2000000;
    for (const descriptor of [memory(), checked(native.createDoorbell(), 'createDoorbell')]) {
      const [, flags] = /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))!;
      expect(parseInt(flags!, 8) & O_CLOEXEC).toBe(O_CLOEXEC);
      if (!made.includes(descriptor)) made.push(descriptor);
    }
  });

  it('tells by a code what is wrong', () => {
    expect(native.createMemory(-1)).toBeLessThan(0);
    expect(native.memorySize(-1)).toBe(EBADF);
    expect(native.mapMemory(-1, BYTES)).toBe(EBADF);
    expect(native.mapMemory(memory(), 0)).toBeLessThan(0);
    expect(native.closeDescriptor(-1)).toBe(EBADF);
  });
});
