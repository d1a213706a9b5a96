import { ARRAY_TYPES, Kind, type TypedArray } from '../../../src/comm/elements';
import { copyIn, copyInWords, copyOut, copyOutWords, putMessage } from '../../../src/comm/payload';
import { Views } from '../../../src/comm/views';
import { RECORD_CONTEXT, RECORD_KIND, RECORD_LENGTH, RECORD_NUMBER, RECORD_PAYLOAD, RECORD_TAG } from '../../../src/ring/layout';
import { EAGER } from '../../../src/ring/record';
import { Random } from '../../ring/random';

const REGION_BYTES = 10 * 1024;
const AT = 8 * 37;
const SENTINEL = 0xa5;
/** Elements: none, around the limits of the loops, and more. */
const COUNTS = [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 18, 31, 32, 33, 64, 129, 1000];
const KINDS = ARRAY_TYPES.map((type, kind) => ({ name: (type as unknown as { name: string }).name, type, kind: kind }));

const memory = new ArrayBuffer(REGION_BYTES);
const views = new Views(memory);
const region = new Uint8Array(memory);

const bytesOf = (array: TypedArray): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const pattern = (length: number, seed: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 37 + seed * 11 + (i >>> 8)) & 0xff);

/** An array in the middle of a buffer full of sentinels. */
function guarded(type: (typeof ARRAY_TYPES)[number], count: number): { array: TypedArray; intact: () => boolean } {
  const margin = 8;
  const whole = new type(count + 2 * margin);
  bytesOf(whole).fill(SENTINEL);
  const array = whole.subarray(margin, margin + count);
  const isSentinel = (byte: number): boolean => byte === SENTINEL;
  const parts = [whole.subarray(0, margin), whole.subarray(margin + count)].map(bytesOf);
  return { array, intact: () => parts.every((part) => part.every(isSentinel)) };
}

const untouched = Buffer.alloc(REGION_BYTES, SENTINEL);

/** Every byte of the region outside of [at, at + byteLength) is a sentinel. */
function regionIntact(at: number, byteLength: number): boolean {
  const isSame = (from: number, to: number): boolean => untouched.subarray(from, to).equals(region.subarray(from, to));
  return isSame(0, at) && isSame(at + byteLength, REGION_BYTES);
}

/** Bytes of the words that so many bytes take. */
const inWords = (byteLength: number): number => Math.ceil(byteLength / 4) * 4;

beforeEach(() => {
  region.fill(SENTINEL);
});

describe.each(KINDS)('a payload of $name', ({ type, kind }) => {
  it.each(COUNTS)('goes into the region and out of it, and touches nothing else: %d elements', (count) => {
    const { array, intact } = guarded(type, count);
    const target = guarded(type, count);
    // The same arrays come again, and are known then.
    for (let time = 0; time < 4; time++) {
      region.fill(SENTINEL);
      const bytes = pattern(array.byteLength, count + time);
      bytesOf(array).set(bytes);
      copyIn(views, AT, kind, array, 0, bytes.length);
      expect(region.subarray(AT, AT + bytes.length)).toEqual(bytes);
      expect(regionIntact(AT, bytes.length)).toBe(true);
      expect(intact()).toBe(true);
      expect(bytesOf(array)).toEqual(bytes);

      copyOut(views, AT, kind, target.array, 0, bytes.length);
      expect(bytesOf(target.array)).toEqual(bytes);
      expect(target.intact()).toBe(true);
      expect(regionIntact(AT, bytes.length)).toBe(true);
    }
  });

  it('comes out into the start of a longer array, also when it is no whole number of elements', () => {
    region.set(pattern(400, 3), AT);
    for (let byteLength = 0; byteLength <= 150; byteLength++) {
      const { array, intact } = guarded(type, 200);
      const received = bytesOf(array);
      for (let time = 0; time < 4; time++) {
        received.fill(SENTINEL);
        copyOut(views, AT, kind, array, 0, byteLength);
        expect(received.subarray(0, byteLength)).toEqual(region.subarray(AT, AT + byteLength));
        expect(received.subarray(byteLength).every((byte) => byte === SENTINEL)).toBe(true);
        expect(intact()).toBe(true);
      }
    }
  });

  it('goes by words from an array and back, and touches no other word, and no other byte of an array', () => {
    for (const count of [...COUNTS, 4, 5, 6]) {
      const { array, intact } = guarded(type, count);
      const target = guarded(type, count + 3);
      const bytes = pattern(array.byteLength, count);
      bytesOf(array).set(bytes);
      for (let time = 0; time < 4; time++) {
        region.fill(SENTINEL);
        bytesOf(target.array).fill(SENTINEL);
        copyInWords(views, AT / 4, kind, array, bytes.length);
        expect(region.subarray(AT, AT + bytes.length)).toEqual(bytes);
        expect(regionIntact(AT, inWords(bytes.length))).toBe(true);
        copyOutWords(views, AT / 4, kind, target.array, bytes.length);
        expect(bytesOf(target.array).subarray(0, bytes.length)).toEqual(bytes);
        expect(bytesOf(target.array).subarray(bytes.length).every((byte) => byte === SENTINEL)).toBe(true);
        expect(intact() && target.intact()).toBe(true);
        expect(bytesOf(array)).toEqual(bytes);
      }
    }
  });

  it('goes piece by piece', () => {
    const { array } = guarded(type, 100);
    const bytes = pattern(array.byteLength, 5);
    bytesOf(array).set(bytes);
    const target = guarded(type, 100);
    for (let from = 0; from < bytes.length; from += 13) {
      const byteLength = Math.min(13, bytes.length - from);
      region.fill(SENTINEL);
      copyIn(views, AT, kind, array, from, byteLength);
      expect(region.subarray(AT, AT + byteLength)).toEqual(bytes.subarray(from, from + byteLength));
      expect(regionIntact(AT, byteLength)).toBe(true);
      copyOut(views, AT, kind, target.array, from, byteLength);
    }
    expect(bytesOf(target.array)).toEqual(bytes);
    expect(target.intact()).toBe(true);
  });

  it('is an error when it would go beyond an array, and nothing is copied', () => {
    const outOfBounds = expect.objectContaining({ code: 'ERR_ZIVM_TYPE' }) as Error;
    const { array, intact } = guarded(type, 40);
    region.fill(1, AT, AT + 1000);
    expect(() => copyOut(views, AT, kind, array, array.byteLength - 1, 2)).toThrow(outOfBounds);
    expect(() => copyOut(views, REGION_BYTES - 8, kind, array, 0, 9)).toThrow(outOfBounds);
    // Not what is left of them modulo 2^32.
    for (const [at, to, byteLength] of [[2 ** 32 + 8, 0, 8], [8, 2 ** 32, 8], [8, 0, 2 ** 32 + 8]] as const) {
      expect(() => copyOut(views, at, kind, array, to, byteLength)).toThrow(outOfBounds);
    }
    const few = guarded(type, 0);
    for (const byteLength of [1, 4, 8, 9]) {
      expect(() => copyOutWords(views, AT / 4, kind, few.array, byteLength)).toThrow(outOfBounds);
      expect(() => copyInWords(views, AT / 4, kind, few.array, byteLength)).toThrow(outOfBounds);
    }
    expect(bytesOf(array).every((byte) => byte === SENTINEL)).toBe(true);
    expect(intact() && few.intact()).toBe(true);
    expect(region.subarray(AT, AT + 1000).every((byte) => byte === 1)).toBe(true);
    region.fill(SENTINEL);
    bytesOf(array).fill(1);
    expect(() => copyIn(views, AT, kind, array, array.byteLength - 1, 2)).toThrow(outOfBounds);
    expect(() => copyIn(views, REGION_BYTES - 8, kind, array, 0, 9)).toThrow(outOfBounds);
    expect(regionIntact(0, 0)).toBe(true);
  });
});

describe.each(KINDS)('a message of $name', ({ type, kind }) => {
  const RECORD = AT / 4;
  const HEADER_BYTES = 4 * RECORD_PAYLOAD;
  const header = (): number[] => [RECORD_NUMBER, RECORD_KIND, RECORD_CONTEXT, RECORD_TAG, RECORD_LENGTH].map((word) => views.int32[RECORD + word]!);

  it.each(COUNTS)('is a record with its number, envelope and payload, and touches nothing else: %d elements', (count) => {
    const { array, intact } = guarded(type, count);
    const bytes = pattern(array.byteLength, count);
    bytesOf(array).set(bytes);
    // A tag of -0 is a tag of 0.
    for (const [number, context, tag] of [[1, 0, -0], [-(2 ** 31), 2 ** 31 - 1, 2 ** 31 - 1]] as const) {
      for (const isOneOfMany of [false, true]) {
        region.fill(SENTINEL);
        putMessage(views, RECORD, number, EAGER | 256, context, tag, kind, array, bytes.length, isOneOfMany);
        expect(header()).toEqual([number, EAGER | 256, context, tag | 0, bytes.length]);
        expect(region.subarray(AT + HEADER_BYTES, AT + HEADER_BYTES + bytes.length)).toEqual(bytes);
        expect(regionIntact(AT, HEADER_BYTES + inWords(bytes.length))).toBe(true);
      }
    }
    expect(intact()).toBe(true);
    expect(bytesOf(array)).toEqual(bytes);
  });

  it('is not published when the array is shorter than it was, or the region is too short', () => {
    const outOfBounds = expect.objectContaining({ code: 'ERR_ZIVM_TYPE' }) as Error;
    for (const count of [1, 40]) {
      const { array } = guarded(type, count);
      // A few bytes have room in the first line of a record.
      const last = REGION_BYTES - HEADER_BYTES - array.byteLength + 4;
      expect(() => putMessage(views, RECORD, 1, EAGER, 0, 0, kind, array, array.byteLength + 1, false)).toThrow(outOfBounds);
      expect(() => putMessage(views, last >> 2, 1, EAGER, 0, 0, kind, array, array.byteLength, true)).toThrow(outOfBounds);
      structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
      for (const isOneOfMany of [false, true]) expect(() => putMessage(views, RECORD, 1, EAGER, 0, 0, kind, array, 8, isOneOfMany)).toThrow(outOfBounds);
      expect(regionIntact(0, 0)).toBe(true);
    }
  });
});

describe('the bits of floats', () => {
  /** Signalling and quiet NaNs with payloads, of either sign, and numbers that are easily made equal. */
  const BITS_64 = [0x7ff0000000000001n, 0xfff0000000000001n, 0x7ff4000000000000n, 0x7ff7ffffffffffffn, 0x7ff8000000000000n, 0xfff8dead0000beefn, 0x8000000000000000n, 1n];
  const BITS_32 = [0x7f800001, 0xff800001, 0x7fa00000, 0x7fbfffff, 0x7fc00000, 0xffc0dead, 0x80000000, 1];

  // V8 compiles a function that is called often, and compiled code may treat NaNs in another way.
  const CALLS = 30_000;

  it.each([1, 2, 8, 16, 17, 40])('are kept, by compiled code too: %d elements', (count) => {
    const wide = BigUint64Array.from({ length: count }, (_, i) => BITS_64[i % BITS_64.length]!);
    const narrow = Uint32Array.from({ length: count }, (_, i) => BITS_32[i % BITS_32.length]!);
    const float64 = new Float64Array(wide.buffer);
    const float32 = new Float32Array(narrow.buffer);
    const target64 = new Float64Array(count);
    const target32 = new Float32Array(count);
    const found64 = new BigUint64Array(target64.buffer);
    const found32 = new Uint32Array(target32.buffer);
    for (let call = 0; call < CALLS; call++) {
      // Either array comes as one that is known, and as a new one.
      for (let time = 0; time < 3; time++) {
        copyIn(views, AT, Kind.Float64, float64, 0, float64.byteLength);
        copyOut(views, AT, Kind.Float64, target64, 0, float64.byteLength);
      }
      copyIn(views, AT, Kind.Float32, float32, 0, float32.byteLength);
      copyOut(views, AT, Kind.Float32, target32, 0, float32.byteLength);
      if (call === 0 || call === CALLS - 1) {
        expect(found64).toEqual(wide);
        expect(found32).toEqual(narrow);
        target64.fill(0);
        target32.fill(0);
      }
    }
  });
});

describe('an array', () => {
  /** As in a steady state: compiled code copies it. */
  function known(array: Uint8Array): void {
    for (let time = 0; time < 30_000; time++) {
      copyInWords(views, AT / 4, Kind.Uint8, array, array.length);
      copyOutWords(views, AT / 4, Kind.Uint8, array, array.length);
    }
  }

  it('may change with others at every message', () => {
    const arrays = Array.from({ length: 5 }, (_, i) => new Uint8Array(8).fill(i + 1));
    const target = new Uint8Array(8);
    const random = new Random(11);
    for (let message = 0; message < 1000; message++) {
      const array = arrays[random.below(arrays.length)]!;
      copyInWords(views, AT / 4, Kind.Uint8, array, 8);
      copyOutWords(views, AT / 4, Kind.Uint8, target, 8);
      expect(target).toEqual(array);
    }
  });

  it('may become longer, or shorter', () => {
    const buffer = new (ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer & { resize: (bytes: number) => void })(
      64,
      { maxByteLength: 128 },
    );
    const array = new Uint8Array(buffer);
    known(array);
    for (const length of [128, 48, 64, 0, 8, 64]) {
      buffer.resize(length);
      array.fill(length);
      region.fill(SENTINEL);
      copyInWords(views, AT / 4, Kind.Uint8, array, length);
      expect(region.subarray(AT, AT + length)).toEqual(array);
      expect(regionIntact(AT, length)).toBe(true);
      array.fill(0);
      copyOutWords(views, AT / 4, Kind.Uint8, array, length);
      expect(array).toEqual(region.subarray(AT, AT + length));
    }
  });

  it('that was transferred takes nothing more: an error, and nothing is lost in silence', () => {
    for (const length of [7, 8, 64]) {
      const array = new Uint8Array(length);
      known(array);
      structuredClone(array.buffer, { transfer: [array.buffer] });
      expect(() => copyOutWords(views, AT / 4, Kind.Uint8, array, length)).toThrow();
    }
  });
});
