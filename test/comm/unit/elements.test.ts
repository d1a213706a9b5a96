import { createContext, runInContext } from 'node:vm';
import { ARRAY_TYPES, byteLengthOf, checkBuf, Kind, kindOf } from '../../../src/comm/elements';
import type { TypedArray } from '../../../src/native';

const NAMES = [
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
];

describe('the kind of a value', () => {
  it.each(NAMES.map((name, kind) => ({ name, kind })))('is that of its type: $name', ({ name, kind }) => {
    const type = ARRAY_TYPES[kind]!;
    expect((type as { name?: string }).name).toBe(name);
    for (const length of [0, 1, 5]) {
      const array = new type(length);
      expect(kindOf(array)).toBe(kind);
      expect(byteLengthOf(array, kind)).toBe(array.byteLength);
      expect(checkBuf(array, 'send')).toBe(kind);
      // A part of an array is as good as the whole.
      expect(kindOf(array.subarray(0, length >> 1))).toBe(kind);
    }
  });

  it('of a Buffer is that of bytes', () => {
    for (const buffer of [Buffer.alloc(3), Buffer.from('abc'), Buffer.alloc(8).subarray(3, 5)]) {
      expect(kindOf(buffer)).toBe(Kind.Uint8);
      expect(byteLengthOf(buffer, Kind.Uint8)).toBe(buffer.length);
    }
  });

  it('of an array over shared memory, and of a subclass, is that of its elements', () => {
    class Samples extends Float32Array {}
    expect(kindOf(new Samples(2))).toBe(Kind.Float32);
    expect(kindOf(new Int32Array(new SharedArrayBuffer(8)))).toBe(Kind.Int32);
  });

  it('is the same for arrays of another realm', () => {
    const realm = createContext({});
    NAMES.forEach((name, kind) => {
      const array = runInContext(`new ${name}(3)`, realm) as TypedArray;
      expect(array).not.toBeInstanceOf(ARRAY_TYPES[kind]!);
      expect(kindOf(array)).toBe(kind);
    });
    expect(kindOf(runInContext('new DataView(new ArrayBuffer(8))', realm))).toBe(-1);
  });

  it.each([
    undefined,
    null,
    0,
    'Uint8Array',
    true,
    1n,
    Symbol.iterator,
    [],
    [1, 2],
    {},
    () => 1,
    new ArrayBuffer(8),
    new SharedArrayBuffer(8),
    new DataView(new ArrayBuffer(8)),
    new Map(),
    Uint8Array,
    Uint8Array.prototype,
    { length: 3, byteLength: 3, BYTES_PER_ELEMENT: 1 },
  ])('of anything else is -1, and an error that names the call: %p', (value) => {
    expect(kindOf(value)).toBe(-1);
    expect(() => checkBuf(value, 'irecv')).toThrow(expect.objectContaining({ code: 'ERR_ZIVM_TYPE', call: 'irecv' }) as Error);
    expect(() => checkBuf(value, 'irecv')).toThrow(/irecvObject/);
  });

  it('cannot be had by a tag: objects', () => {
    for (const name of NAMES) {
      expect(kindOf({ [Symbol.toStringTag]: name })).toBe(-1);
      expect(kindOf(Object.create(Uint8Array.prototype))).toBe(-1);
    }
  });

  it('cannot be had by a tag: a DataView that says it were an array', () => {
    for (const name of NAMES) {
      const inherited = new DataView(new ArrayBuffer(8));
      Object.setPrototypeOf(inherited, Object.create(DataView.prototype, { [Symbol.toStringTag]: { value: name } }) as object);
      expect(kindOf(inherited)).toBe(-1);
      const own = new DataView(new ArrayBuffer(8));
      Object.defineProperty(own, Symbol.toStringTag, { value: name });
      expect(kindOf(own)).toBe(-1);
    }
  });

  it('cannot be had by a tag: an array that says it were another', () => {
    const array = new Uint8Array(8);
    Object.defineProperty(array, Symbol.toStringTag, { value: 'Float64Array' });
    // As bytes, or not at all; as eight doubles it would be read beyond its end.
    expect([Kind.Uint8, -1]).toContain(kindOf(array));
  });
});
