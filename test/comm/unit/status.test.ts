import fc from 'fast-check';
import { ANY_SOURCE, ANY_TAG, MAX_TAG, UNDEFINED } from '../../../src/comm/constants';
import { ARRAY_TYPES } from '../../../src/comm/elements';
import { Status } from '../../../src/comm/status';

const fields = fc.record({
  source: fc.integer({ min: -2, max: 255 }),
  tag: fc.oneof(fc.integer({ min: -1, max: 3 }), fc.integer({ min: -1, max: MAX_TAG })),
  byteLength: fc.oneof(fc.integer({ min: 0, max: 64 }), fc.maxSafeNat()),
  cancelled: fc.boolean(),
});
type Fields = { source: number; tag: number; byteLength: number; cancelled: boolean };
const of = ({ source, tag, byteLength, cancelled }: Fields): Status => Status.of(source, tag, byteLength, cancelled);
const read = ({ source, tag, byteLength, cancelled }: Status): Fields => ({ source, tag, byteLength, cancelled });

describe('a status', () => {
  it('says what it was made with, and goes on to, however many are made after it', () => {
    fc.assert(
      fc.property(fc.array(fields, { minLength: 1, maxLength: 400, size: 'max' }), (all) => {
        const made = all.map((one) => of(one));
        expect(made.map(read)).toEqual(all);
      }),
      { numRuns: 30 },
    );
  });

  it('is the same object as an equal one made just before', () => {
    fc.assert(fc.property(fields, (one) => expect(of({ ...one })).toBe(of({ ...one }))));
  });

  it('is another object when anything differs', () => {
    fc.assert(
      fc.property(fields, fields, (a, b) => {
        const isSame = a.source === b.source && a.tag === b.tag && a.byteLength === b.byteLength && a.cancelled === b.cancelled;
        expect(of(a) === of(b)).toBe(isSame);
      }),
    );
    expect(Status.of(1, 2, 3, false)).not.toBe(Status.of(1, 2, 3, true));
  });

  it('that a call returned cannot be filled, and stays as it is', () => {
    fc.assert(
      fc.property(fields, (one) => {
        const status = of(one);
        expect(() => status.fill(0, 0, 0, false)).toThrow(expect.objectContaining({ code: 'ERR_ZIVM_TYPE' }) as Error);
        expect(read(status)).toEqual(one);
      }),
    );
    // One that was there from the start is no exception.
    expect(() => Status.of(ANY_SOURCE, ANY_TAG, 0, false).fill(0, 0, 0, false)).toThrow(/new Status\(\)/);
  });

  it('of the user is empty, and can be filled again and again', () => {
    const status = new Status();
    expect(read(status)).toEqual({ source: ANY_SOURCE, tag: ANY_TAG, byteLength: 0, cancelled: false });
    fc.assert(
      fc.property(fields, (one) => {
        expect(status.fill(one.source, one.tag, one.byteLength, one.cancelled)).toBe(status);
        expect(read(status)).toEqual(one);
        expect(of(one)).not.toBe(status);
      }),
    );
  });

  it('counts whole elements, or says UNDEFINED', () => {
    for (let byteLength = 0; byteLength <= 40; byteLength++) {
      const status = Status.of(0, 0, byteLength, false);
      expect(status.count()).toBe(byteLength);
      for (const type of ARRAY_TYPES) {
        const whole = byteLength % type.BYTES_PER_ELEMENT === 0;
        expect(status.count(type)).toBe(whole ? byteLength / type.BYTES_PER_ELEMENT : UNDEFINED);
      }
    }
    expect(Status.of(0, 0, 2 ** 40, false).count(Float64Array)).toBe(2 ** 37);
  });
});
