import type { ErrorCode } from '../../src/errors';
import { formatRegion, MAGIC, planRegion, readRegion, smallestRegionBytes, VERSION } from '../../src/ring/layout';

/*
 * Who attaches to a region checks that both sides mean the same by its bytes.
 */

const HEADER_MAGIC = 0;
const HEADER_VERSION = 1;
const FIRST_SIZE = 2;
const LAST_SIZE = 6;
const RANKS = 3;

const withCode = (code: ErrorCode): Error => expect.objectContaining({ code }) as Error;

function freshRegion(): Int32Array {
  const words = new Int32Array(smallestRegionBytes(RANKS) / Int32Array.BYTES_PER_ELEMENT);
  formatRegion(words, planRegion(words.byteLength, RANKS));
  return words;
}

test('a region begins with the magic and the version, and reads as it was planned', () => {
  const words = freshRegion();
  expect(words[HEADER_MAGIC]).toBe(MAGIC);
  expect(words[HEADER_VERSION]).toBe(VERSION);
  expect(readRegion(words)).toEqual(planRegion(words.byteLength, RANKS));
});

test.each([VERSION + 1, VERSION - 1, -1])('layout version %d is refused, and the message names both', (version) => {
  const words = freshRegion();
  words[HEADER_VERSION] = version;
  expect(() => readRegion(words)).toThrow(withCode('ERR_ZIVM_VERSION'));
  expect(() => readRegion(words)).toThrow(new RegExp(`layout version ${version}, this zivm understands ${VERSION}`));
});

test.each([0, MAGIC + 1])('memory that begins with %d is no region', (magic) => {
  const words = freshRegion();
  words[HEADER_MAGIC] = magic;
  expect(() => readRegion(words)).toThrow(withCode('ERR_ZIVM_VERSION'));
});

test('sizes that contradict each other are noticed, each of them', () => {
  for (let word = FIRST_SIZE; word <= LAST_SIZE; word++) {
    for (const wrong of [0, -1, 1 << 30]) {
      const words = freshRegion();
      words[word] = wrong;
      expect(() => readRegion(words)).toThrow(withCode('ERR_ZIVM_CORRUPT'));
    }
  }
});
