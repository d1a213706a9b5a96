import fc from 'fast-check';
import { combineShort, isShort } from '../../src/collectives/combine-short';
import { Op } from '../../src/collectives/op';
import { ARRAY_TYPES, type Buf, Kind } from '../../src/comm/elements';
import { fast } from '../../src/native';

/*
 * What is combined in JavaScript has the bits that the native kernel gives: one reduction may use both, on different
 * ranks or in runs of different lengths. Of a NaN only that it is one.
 */

const MOST_BYTES = 32;
/** So often that V8 compiles the loops, and for each type. */
const RUNS = 1000;

const SPECIAL_FLOATS = [0, -0, NaN, Infinity, -Infinity, 1, -1, Number.MIN_VALUE, Number.MAX_VALUE, -Number.MAX_VALUE, 2 ** -149, 2 ** -126, 2 ** 24, 2 ** 24 + 2, 3.4028234663852886e38, 0.1];
const SPECIAL_INTEGERS = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 2 ** 30, -(2 ** 30) - 1];

const floats = fc.oneof(fc.constantFrom(...SPECIAL_FLOATS), fc.double(), fc.float(), fc.double({ min: -10, max: 10 }));
const integers = fc.oneof(fc.constantFrom(...SPECIAL_INTEGERS), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }));

const TYPES = [
  { type: 'Float64', kind: Kind.Float64, values: floats },
  { type: 'Float32', kind: Kind.Float32, values: floats },
  { type: 'Int32', kind: Kind.Int32, values: integers },
];
const OPS = [Op.SUM, Op.MIN, Op.MAX];
const CASES = TYPES.flatMap((one) => OPS.map((op) => ({ ...one, op, name: op.name })));

const arrayOf = (kind: Kind, values: readonly number[]): Buf => {
  const array = new ARRAY_TYPES[kind]!(values.length);
  (array as Float64Array).set(values);
  return array;
};

/** The bits of the elements, all NaNs alike; as one text, which is quick to compare. */
function bitsOf(array: Buf): string {
  const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  const size = array.BYTES_PER_ELEMENT;
  return Array.from(array as Float64Array, (value, i) => (Number.isNaN(value) ? 'NaN' : bytes.toString('hex', i * size, (i + 1) * size))).join();
}

function byKernel(op: Op, kind: Kind, left: Buf, right: Buf): Buf {
  const out = new ARRAY_TYPES[kind]!(left.length);
  expect(fast.combine(op.kernel, kind, left, 0, right, 0, out, 0, left.length)).toBe(0);
  return out;
}

/** Into an array of its own, and into either operand. */
function checkSame(op: Op, kind: Kind, left: Buf, right: Buf): void {
  const expected = bitsOf(byKernel(op, kind, left, right));
  const operands = [left, right].map(bitsOf).join();
  const out = new ARRAY_TYPES[kind]!(left.length);
  combineShort(op, left, 0, right, 0, out);
  expect(bitsOf(out)).toBe(expected);
  expect([left, right].map(bitsOf).join()).toBe(operands);
  const intoLeft = left.slice();
  combineShort(op, intoLeft, 0, right, 0, intoLeft);
  expect(bitsOf(intoLeft)).toBe(expected);
  const intoRight = right.slice();
  combineShort(op, left, 0, intoRight, 0, intoRight);
  expect(bitsOf(intoRight)).toBe(expected);
}

describe.each(CASES)('$name of $type', ({ op, kind, values }) => {
  test('has the bits of the native kernel', () => {
    const pairs = fc.array(fc.tuple(values, values), { maxLength: MOST_BYTES / ARRAY_TYPES[kind]!.BYTES_PER_ELEMENT });
    fc.assert(
      fc.property(pairs, (elements) => {
        checkSame(op, kind, arrayOf(kind, elements.map(([a]) => a)), arrayOf(kind, elements.map(([, b]) => b)));
      }),
      { numRuns: RUNS },
    );
  });

  test('every special value with every other', () => {
    const special = kind === Kind.Int32 ? SPECIAL_INTEGERS : SPECIAL_FLOATS;
    for (const a of special) checkSame(op, kind, arrayOf(kind, special.map(() => a)), arrayOf(kind, special));
  });

  test('is for few bytes only', () => {
    expect(isShort(op, kind, 0)).toBe(true);
    expect(isShort(op, kind, MOST_BYTES)).toBe(true);
    expect(isShort(op, kind, MOST_BYTES + ARRAY_TYPES[kind]!.BYTES_PER_ELEMENT)).toBe(false);
  });
});

test('other types and operations are for the native kernel', () => {
  const user = Op.create(() => undefined);
  ARRAY_TYPES.forEach((_, kind) => {
    for (const op of [Op.PROD, Op.LAND, Op.BXOR, Op.MINLOC, user]) expect(isShort(op, kind, 8)).toBe(false);
  });
  for (const kind of [Kind.Int8, Kind.Uint8, Kind.Uint8Clamped, Kind.Int16, Kind.Uint16, Kind.Uint32, Kind.BigInt64, Kind.BigUint64]) {
    for (const op of OPS) expect(isShort(op, kind, 8)).toBe(false);
  }
});
