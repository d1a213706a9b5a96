import { ARRAY_TYPES, Kind, type TypedArray } from '../../src/comm/elements';
import { fast } from '../../src/native';

/*
 * Every operation on every type against a few lines of JavaScript. What a store into a typed array does to a result is
 * what the operations promise, so the model stores into an array of the type.
 */

const OPERATIONS = ['SUM', 'PROD', 'MIN', 'MAX', 'LAND', 'LOR', 'LXOR', 'BAND', 'BOR', 'BXOR', 'MINLOC', 'MAXLOC'] as const;
type Operation = (typeof OPERATIONS)[number];
const COUNTS = [0, 1, 2, 17, 1000];
const BAD_RANGE = -1;
const BAD_OPERATION = -2;

const isBig = (kind: Kind): boolean => kind === Kind.BigInt64 || kind === Kind.BigUint64;
const isFloat = (kind: Kind): boolean => kind === Kind.Float32 || kind === Kind.Float64;
const isPairs = (operation: Operation): boolean => operation === 'MINLOC' || operation === 'MAXLOC';
const isBitwise = (operation: Operation): boolean => operation === 'BAND' || operation === 'BOR' || operation === 'BXOR';

function numbers(operation: Operation, a: number, b: number): number {
  switch (operation) {
    case 'SUM':
      return a + b;
    case 'PROD':
      return a * b;
    case 'MIN':
      return Math.min(a, b);
    case 'MAX':
      return Math.max(a, b);
    case 'LAND':
      return a && b ? 1 : 0;
    case 'LOR':
      return a || b ? 1 : 0;
    case 'LXOR':
      return !a !== !b ? 1 : 0;
    case 'BAND':
      return a & b;
    case 'BOR':
      return a | b;
    case 'BXOR':
      return a ^ b;
    default:
      throw new Error(operation);
  }
}

function bigints(operation: Operation, a: bigint, b: bigint): bigint {
  switch (operation) {
    case 'SUM':
      return a + b;
    case 'PROD':
      return a * b;
    case 'MIN':
      return a < b ? a : b;
    case 'MAX':
      return a > b ? a : b;
    case 'BAND':
      return a & b;
    case 'BOR':
      return a | b;
    case 'BXOR':
      return a ^ b;
    default:
      return BigInt(numbers(operation, a ? 1 : 0, b ? 1 : 0));
  }
}

type Value = number | bigint;
type Values = Value[];

/** Whether the right one of two pairs is kept. */
function rightWins(operation: Operation, [a, i]: [Value, Value], [b, j]: [Value, Value]): boolean {
  const isNaNOf = (value: Value): boolean => typeof value === 'number' && Number.isNaN(value);
  if (isNaNOf(a) || isNaNOf(b)) return isNaNOf(a) && isNaNOf(b) ? j < i : isNaNOf(b);
  if (a == b) return j < i;
  return operation === 'MINLOC' ? b < a : b > a;
}

function model(operation: Operation, kind: Kind, left: Values, right: Values): Values {
  const out = new ARRAY_TYPES[kind]!(left.length);
  for (let i = 0; i < left.length; i++) {
    if (isPairs(operation)) {
      const at = i & ~1;
      const pair = (values: Values): [Value, Value] => [values[at]!, values[at + 1]!];
      out[i] = rightWins(operation, pair(left), pair(right)) ? right[i]! : left[i]!;
    } else if (isBig(kind)) {
      out[i] = bigints(operation, left[i] as bigint, right[i] as bigint);
    } else if (operation === 'PROD' && (kind === Kind.Int32 || kind === Kind.Uint32)) {
      // The product of numbers has lost its low bits.
      out[i] = Math.imul(left[i] as number, right[i] as number);
    } else {
      out[i] = numbers(operation, left[i] as number, right[i] as number);
    }
  }
  return [...out];
}

const INTEGERS = [0, 1, 2, 3, 5, 10, 100, 127, 128, 200, 255, 256, 32767, 32768, 65535, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, -1, -2, -128, -32768, -(2 ** 31)];
const FLOATS = [0, -0, 1, -1, 0.1, -2.5, 3, 1e-45, 5e-324, 1e38, 3.4028234663852886e38, -1e300, 1.7976931348623157e308, Infinity, -Infinity, NaN];
const BIGS = [0n, 1n, -1n, 2n, 3n, 2n ** 31n, 2n ** 32n + 1n, 2n ** 53n + 1n, 2n ** 62n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 63n, 2n ** 64n - 1n];

/** Values for a side, so that every value meets every other one sooner or later. */
function valuesFor(kind: Kind, count: number, side: 'left' | 'right'): TypedArray {
  const pool: Values = isBig(kind) ? BIGS : isFloat(kind) ? FLOATS : INTEGERS;
  const array = new ARRAY_TYPES[kind]!(count);
  for (let i = 0; i < count; i++) array[i] = pool[side === 'left' ? i % pool.length : Math.floor(i / pool.length + 3 * i) % pool.length]!;
  return array;
}

const MARGIN = 24;
const SENTINEL = 0x5a;

/** The elements, `shift` bytes off their natural place, between sentinels. */
function placed(elements: TypedArray, shift: number): { bytes: Uint8Array; offset: number } {
  const bytes = new Uint8Array(elements.byteLength + 2 * MARGIN).fill(SENTINEL);
  const offset = MARGIN - 8 + shift;
  bytes.set(new Uint8Array(elements.buffer), offset);
  return { bytes, offset };
}

const valuesAt = ({ bytes, offset }: { bytes: Uint8Array; offset: number }, kind: Kind, count: number): Values => {
  const size = ARRAY_TYPES[kind]!.BYTES_PER_ELEMENT;
  const copy = bytes.slice(offset, offset + count * size);
  const array = new (ARRAY_TYPES[kind] as unknown as new (buffer: ArrayBuffer) => TypedArray)(copy.buffer);
  return [...array];
};

const isSentinel = (byte: number): boolean => byte === SENTINEL;

/** The first difference, as one value and the other; -0 is not 0, and NaN is NaN. */
function difference(found: Values, wanted: Values): { at: number; found: Value; wanted: Value } | undefined {
  const at = wanted.findIndex((value, i) => !Object.is(value, found[i]));
  return at < 0 ? undefined : { at, found: found[at]!, wanted: wanted[at]! };
}

describe.each(OPERATIONS.map((operation, number) => ({ operation, number })))('$operation', ({ operation, number }) => {
  const kinds = ARRAY_TYPES.map((type, kind) => ({ kind: kind, name: (type as unknown as { name: string }).name }));

  it.each(kinds)('of $name', ({ kind }) => {
    const size = ARRAY_TYPES[kind]!.BYTES_PER_ELEMENT;
    if (isBitwise(operation) && isFloat(kind)) {
      const array = valuesFor(kind, 4, 'left');
      const before = [...array];
      expect(fast.combine(number, kind, array, 0, array, 0, array, 0, 4)).toBe(BAD_OPERATION);
      expect([...array]).toEqual(before);
      return;
    }
    for (const count of COUNTS.map((whole) => (isPairs(operation) ? whole & ~1 : whole))) {
      const left = valuesFor(kind, count, 'left');
      const right = valuesFor(kind, count, 'right');
      const expected = model(operation, kind, [...left], [...right]);
      for (const shift of [8, 3]) {
        for (const aliased of ['none', 'left', 'right', 'both'] as const) {
          const a = placed(left, shift);
          const b = aliased === 'both' ? a : placed(right, shift);
          const out = aliased === 'none' ? placed(new ARRAY_TYPES[kind]!(count), 8 - shift + 8) : aliased === 'right' ? b : a;
          const wanted = aliased === 'both' ? model(operation, kind, [...left], [...left]) : expected;
          expect(fast.combine(number, kind, a.bytes, a.offset, b.bytes, b.offset, out.bytes, out.offset, count)).toBe(0);
          expect(difference(valuesAt(out, kind, count), wanted)).toBeUndefined();
          if (a !== out) expect(difference(valuesAt(a, kind, count), [...left])).toBeUndefined();
          if (b !== out && b !== a) expect(difference(valuesAt(b, kind, count), [...right])).toBeUndefined();
          for (const { bytes, offset } of [a, b, out]) {
            const outside = [bytes.subarray(0, offset), bytes.subarray(offset + count * size)];
            expect(outside.every((part) => part.every(isSentinel))).toBe(true);
          }
        }
      }
    }
  });
});

describe('NaN', () => {
  it('wins, whichever side it is on, and the first of two stays', () => {
    const nan = (payload: bigint): Float64Array => new Float64Array(new BigUint64Array([0x7ff8000000000000n | payload]).buffer);
    const bits = (array: Float64Array): bigint => new BigUint64Array(array.buffer)[0]!;
    for (const operation of [2, 3]) {
      const out = new Float64Array(1);
      fast.combine(operation, Kind.Float64, nan(5n), 0, new Float64Array([-1]), 0, out, 0, 1);
      expect(bits(out)).toBe(0x7ff8000000000005n);
      fast.combine(operation, Kind.Float64, new Float64Array([-1]), 0, nan(6n), 0, out, 0, 1);
      expect(bits(out)).toBe(0x7ff8000000000006n);
    }
  });
});

describe('what cannot be combined', () => {
  const refuse = (args: unknown[], code: number): void => {
    expect((fast.combine as (...args: unknown[]) => unknown)(...args)).toBe(code);
  };
  const fresh = (): Int32Array => new Int32Array([1, 2, 3, 4]);

  it.each([
    ['there is no such operation', [12, 5]],
    ['the operation is negative', [-1, 5]],
    ['the operation is a fraction', [0.5, 5]],
    ['there is no such type', [0, 11]],
    ['the type is not a number', [0, 'Int32Array']],
    ['the type is NaN', [0, NaN]],
  ])('is refused when %s', (_, [op, type]) => {
    const array = fresh();
    refuse([op, type, array, 0, array, 0, array, 0, 4], BAD_OPERATION);
    expect(array).toEqual(fresh());
  });

  it.each([
    ['the left array is too short', [0, 0, 0, 5]],
    ['an offset is negative', [-4, 0, 0, 1]],
    ['an offset is a fraction', [0, 0.5, 0, 1]],
    ['an offset is beyond the array', [0, 0, 20, 0]],
    ['the last element does not fit', [0, 1, 0, 4]],
    ['the result does not fit', [0, 0, 4, 4]],
    ['the count is negative', [0, 0, 0, -1]],
    ['the count is NaN', [0, 0, 0, NaN]],
    ['the count is so large that bytes overflow', [0, 0, 0, 2 ** 62]],
    ['the count times four overflows', [0, 0, 0, 2 ** 53]],
  ])('is refused, and nothing is written, when %s', (_, [left, right, out, count]) => {
    const array = fresh();
    const target = fresh();
    refuse([0, Kind.Int32, array, left, array, right, target, out, count], BAD_RANGE);
    expect(target).toEqual(fresh());
  });

  it('is refused when the pairs are not whole, and when an argument is no array', () => {
    const array = fresh();
    refuse([10, Kind.Int32, array, 0, array, 0, array, 0, 3], BAD_RANGE);
    for (const wrong of [undefined, null, {}, [1, 2, 3, 4], new ArrayBuffer(16), new DataView(new ArrayBuffer(16))]) {
      refuse([0, Kind.Int32, wrong, 0, array, 0, array, 0, 4], BAD_RANGE);
      refuse([0, Kind.Int32, array, 0, wrong, 0, array, 0, 4], BAD_RANGE);
      refuse([0, Kind.Int32, array, 0, array, 0, wrong, 0, 4], BAD_RANGE);
    }
    refuse([], BAD_OPERATION);
    expect(array).toEqual(fresh());
  });
});
