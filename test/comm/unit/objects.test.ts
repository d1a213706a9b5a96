/** @jest-environment ./test/comm/unit/one-realm.environment.ts */
import fc from 'fast-check';
import { pack, unpack } from '../../../src/comm/objects';

type Objects = { pack: typeof pack; unpack: typeof unpack };

/** The module as another process has it: the two sides know nothing of each other. */
function otherSide(): Objects {
  let other: Objects | undefined;
  jest.isolateModules(() => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- isolateModules wants require
    other = require('../../../src/comm/objects') as Objects;
  });
  return other!;
}

const receiver = otherSide();
/** Gets bytes of its own, as a receive does. */
const sent = (value: unknown): unknown => receiver.unpack(new Uint8Array(pack(value, 'sendObject')));

/** msgpackr makes 0 of -0, and `__proto__` is no name of a field. */
const number = fc.oneof(fc.integer(), fc.double()).map((value) => (Object.is(value, -0) ? 0 : value));
const text = fc.string({ unit: 'grapheme' });
const key = text.filter((name) => name !== '__proto__');
const bits = (array: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }): number[] => [
  ...new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
];

const typedArray = fc.oneof(
  fc.int8Array(),
  fc.uint8Array(),
  fc.uint8ClampedArray(),
  fc.int16Array(),
  fc.uint16Array(),
  fc.int32Array(),
  fc.uint32Array(),
  fc.float32Array(),
  fc.float64Array(),
  fc.bigInt64Array(),
  fc.bigUint64Array(),
);

const bigint = fc.oneof(
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
  fc.bigInt({ min: -(2n ** 2000n), max: 2n ** 2000n }),
  fc.tuple(fc.integer({ min: 0, max: 300 }), fc.constantFrom(-1n, 0n, 1n), fc.boolean()).map(([power, by, isNegative]) => {
    const value = 2n ** BigInt(power) + by;
    return isNegative ? -value : value;
  }),
);

const { value: anything } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    number,
    text,
    bigint,
    fc.boolean(),
    fc.constantFrom(undefined, null, NaN, Infinity, -Infinity, ''),
    fc.date({ noInvalidDate: true }), // which toStrictEqual finds different from itself
    typedArray,
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(key, tie('value'), { maxKeys: 6, noNullPrototype: true }),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 5 }).map((entries) => new Map(entries)),
    fc.array(tie('value'), { maxLength: 5 }).map((values) => new Set(values)),
  ),
}));

describe('an object', () => {
  it('arrives as it was sent', () => {
    fc.assert(
      fc.property(anything, (value) => expect(sent(value)).toStrictEqual(value)),
      { numRuns: 500 },
    );
  });

  it('needs nothing of those that were sent before, so that each can be received alone', () => {
    fc.assert(
      fc.property(fc.array(anything, { minLength: 2, maxLength: 10 }), fc.nat(), (values, pick) => {
        const packed = values.map((value) => pack(value, 'sendObject'));
        const index = pick % values.length;
        expect(otherSide().unpack(new Uint8Array(packed[index]!))).toStrictEqual(values[index]);
      }),
      { numRuns: 20 },
    );
    // Objects of one shape are what a packer likes to describe only once.
    const packed = Array.from({ length: 50 }, (_, id) => pack({ id, name: 'one shape', nested: { x: id } }, 'sendObject'));
    expect(otherSide().unpack(new Uint8Array(packed[49]!))).toEqual({ id: 49, name: 'one shape', nested: { x: 49 } });
    expect(receiver.unpack(new Uint8Array(packed[0]!))).toEqual({ id: 0, name: 'one shape', nested: { x: 0 } });
  });

  it('stays as it was packed while others are packed', () => {
    const values = Array.from({ length: 200 }, (_, id) => ({ id, text: 'x'.repeat(id * 7) }));
    const packed = values.map((value) => pack(value, 'sendObject'));
    expect(packed.map((bytes) => receiver.unpack(new Uint8Array(bytes)))).toEqual(values);
  });

  it.each([
    ['0', 0n],
    ['the least of 64 bits', -(2n ** 63n)],
    ['the most of 64 bits', 2n ** 64n - 1n],
    ['one more', 2n ** 64n],
    ['one less', -(2n ** 63n) - 1n],
    ['10,000 bits', 2n ** 10_000n - 1n],
    ['10,000 bits, negative', -(2n ** 10_000n)],
  ])('can be a bigint: %s', (_, value) => {
    expect(sent(value)).toBe(value);
    expect(sent([value, { value }, new Map([[value, value]])])).toStrictEqual([value, { value }, new Map([[value, value]])]);
  });

  it.each([undefined, null, NaN, '', 0, false, 2 ** 53, 5e-324, new Date(0), new Date(-1), new Date(8.64e15)])('can be %p', (value) => {
    expect(sent(value)).toStrictEqual(value);
    expect(sent([value, undefined])).toStrictEqual([value, undefined]);
    expect(sent({ value })).toStrictEqual({ value });
  });

  it('can be a date that is none', () => {
    expect((sent([new Date(NaN)]) as [Date])[0].getTime()).toBeNaN();
  });

  it('keeps the type and the bits of typed arrays', () => {
    fc.assert(
      fc.property(typedArray, (array) => {
        const received = sent({ array }) as { array: typeof array };
        expect(Object.prototype.toString.call(received.array)).toBe(Object.prototype.toString.call(array));
        expect(bits(received.array)).toEqual(bits(array));
      }),
    );
    const odd = new Float64Array(new BigUint64Array([0x7ff0000000000001n, 0xfff8000000000123n, 0x8000000000000000n]).buffer);
    expect(bits(sent(odd) as Float64Array)).toEqual(bits(odd));
    // Only the part that is seen through the array is sent.
    const part = new Int16Array([1, 2, 3, 4]).subarray(1, 3);
    expect(sent(part)).toStrictEqual(new Int16Array([2, 3]));
    expect(pack(new Uint8Array(1 << 20).subarray(0, 4), 'sendObject').length).toBeLessThan(64);
  });

  it('is a copy: what was received can be changed', () => {
    const array = new Float64Array([1, 2]);
    const received = sent({ array }) as { array: Float64Array };
    received.array[0] = 9;
    expect(array[0]).toBe(1);
  });

  it('keeps cycles, and what is one object stays one', () => {
    const shared = { name: 'shared' };
    const value: Record<string, unknown> = { a: shared, b: [shared, new Map([[shared, shared]])] };
    value.self = value;
    value.set = new Set<unknown>([value, shared]);
    const list: unknown[] = [1];
    list.push(list);
    value.list = list;
    const received = sent(value) as typeof value & { b: [unknown, Map<unknown, unknown>]; set: Set<unknown>; list: unknown[] };
    expect(received.self).toBe(received);
    expect(received.a).toEqual(shared);
    expect(received.b[0]).toBe(received.a);
    expect([...received.b[1]]).toEqual([[shared, shared]]);
    expect([...received.b[1]][0]![0]).toBe(received.a);
    expect([...received.set]).toEqual([received, received.a]);
    expect(received.list[1]).toBe(received.list);
  });

  it('can be deep, wide and long', () => {
    let deep: unknown = 'bottom';
    for (let depth = 0; depth < 500; depth++) deep = { deep };
    const wide = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`key ${i}`, i]));
    const long = Array.from({ length: 100_000 }, (_, i) => i * 1.5);
    const text = 'ß€😀'.repeat(50_000);
    for (const value of [deep, wide, long, text]) expect(sent(value)).toStrictEqual(value);
  });

  it('can be an error, a RegExp and the buffers beside typed arrays', () => {
    const error = sent(new RangeError('out of range')) as Error;
    expect([error.name, error.message]).toEqual(['RangeError', 'out of range']);
    expect(String(sent(/a+b/giu))).toBe('/a+b/giu');
    expect(bits(new Uint8Array(sent(new Uint8Array([1, 2, 3]).buffer) as ArrayBuffer))).toEqual([1, 2, 3]);
    expect(bits(sent(new DataView(new Uint8Array([1, 2, 3]).buffer)) as DataView)).toEqual([1, 2, 3]);
  });
});

describe('what cannot be sent', () => {
  const typeError = expect.objectContaining({ code: 'ERR_ZIVM_TYPE', call: 'bcastObject', message: expect.stringMatching(/^bcastObject: /) as string }) as Error;

  it('is a function, wherever it is', () => {
    const wrap = fc.array(
      fc.constantFrom<(inner: unknown) => unknown>(
        (inner) => [1, inner, 'after'],
        (inner) => ({ before: 1, inner, after: 2 }),
        (inner) => new Map([['key', inner]]),
        (inner) => new Map([[inner, 'value']]),
        (inner) => new Set([1, inner]),
        (inner) => {
          const cycle: Record<string, unknown> = { inner };
          cycle.self = cycle;
          return cycle;
        },
      ),
      { maxLength: 6 },
    );
    const callable = fc.constantFrom<unknown>(() => 1, function named() {}, class {}, Math.max, async () => {});
    fc.assert(
      fc.property(wrap, callable, anything, (wrappers, inner, next) => {
        const value = wrappers.reduce<unknown>((wrapped, wrapper) => wrapper(wrapped), inner);
        expect(() => pack(value, 'bcastObject')).toThrow(typeError);
        // Nothing of it is left over for the next object.
        expect(sent(next)).toStrictEqual(next);
      }),
    );
  });

  it('is a symbol, and what throws when it is read', () => {
    expect(() => pack({ a: Symbol('s') }, 'bcastObject')).toThrow(typeError);
    const value = {
      get broken(): number {
        throw new Error('not today');
      },
    };
    expect(() => pack(value, 'bcastObject')).toThrow(/not today/);
    expect(sent({ fine: 1 })).toEqual({ fine: 1 });
  });
});

describe('bytes that no pack has made', () => {
  it('are ERR_ZIVM_CORRUPT, or some value, and never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          receiver.unpack(new Uint8Array(bytes));
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_ZIVM_CORRUPT' });
        }
        expect(sent({ fine: [1] })).toEqual({ fine: [1] });
      }),
      { numRuns: 500 },
    );
  });

  it('that end too early are ERR_ZIVM_CORRUPT', () => {
    const bytes = pack({ name: 'whole', list: [1, 2, 3], map: new Map([[1, 'x']]) }, 'sendObject');
    for (let length = 0; length < bytes.length; length++) {
      expect(() => receiver.unpack(new Uint8Array(bytes.subarray(0, length)))).toThrow(expect.objectContaining({ code: 'ERR_ZIVM_CORRUPT' }) as Error);
    }
  });
});
