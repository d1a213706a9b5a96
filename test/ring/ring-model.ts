import { LINE_WORDS, RECORD_CONTEXT, RECORD_KIND, RECORD_LENGTH, RECORD_PAYLOAD, RING_HEAD } from '../../src/ring/layout';
import { EAGER } from '../../src/ring/record';
import type { RingReader } from '../../src/ring/ring-reader';
import type { RingWriter } from '../../src/ring/ring-writer';

export interface Ends {
  words: Int32Array;
  ring: number;
  writer: RingWriter;
  reader: RingReader;
}

export type Step = { write: number } | { read: number };

/** In place of expect, which is too slow for every step of a property. */
function check(isRight: boolean, what: string): void {
  if (!isRight) throw new Error(what);
}

/** The byte at `index` of the payload of the record with this number. */
const byteOf = (record: number, index: number): number => (record * 131 + index * 7 + (index >>> 8)) & 0xff;

/**
 * Drives both ends of a ring beside a queue that cannot go wrong. Every step checks what the ring does against the
 * queue; the memory around the ring must stay as it was.
 */
export class RingModel {
  readonly #ends: Ends;
  readonly #bytes: Uint8Array;
  readonly #queue: { record: number; byteLength: number }[] = [];
  #records = 0;
  /** How often the ring was full. */
  full = 0;
  /** The most records that were in the ring at once. */
  most = 0;

  constructor(ends: Ends) {
    this.#ends = ends;
    this.#bytes = new Uint8Array(ends.words.buffer);
  }

  get length(): number {
    return this.#queue.length;
  }

  write(byteLength: number): boolean {
    const { words, writer } = this.#ends;
    const word = writer.claim(byteLength);
    if (word < 0) {
      this.full++;
      // The longest payload always fits into a ring from which everything was taken.
      check(this.#queue.length > 0, `a drained ring has no room for ${byteLength} bytes`);
      return false;
    }
    const record = this.#records++;
    words[word + RECORD_KIND] = EAGER;
    words[word + RECORD_CONTEXT] = record;
    words[word + RECORD_LENGTH] = byteLength;
    const at = (word + RECORD_PAYLOAD) * 4;
    for (let i = 0; i < byteLength; i++) this.#bytes[at + i] = byteOf(record, i);
    // What is not published cannot be seen.
    if (this.#queue.length === 0) check(this.#ends.reader.peek() === -1, `record ${record} is seen before it is published`);
    writer.publish(word);
    this.#queue.push({ record, byteLength });
    this.most = Math.max(this.most, this.#queue.length);
    return true;
  }

  /** @returns whether there was a record, and whether its release told that a starved writer is to be woken */
  read(): { taken: boolean; woke: boolean } {
    const { words, reader } = this.#ends;
    const word = reader.peek();
    const expected = this.#queue.shift();
    if (expected === undefined) {
      check(word === -1, 'an empty ring has a record');
      return { taken: false, woke: false };
    }
    check(word >= 0, `record ${expected.record} is missing`);
    check(words[word + RECORD_CONTEXT] === expected.record, `record ${words[word + RECORD_CONTEXT]} comes in place of ${expected.record}`);
    check(words[word + RECORD_LENGTH] === expected.byteLength, `record ${expected.record} has another length`);
    const at = (word + RECORD_PAYLOAD) * 4;
    for (let i = 0; i < expected.byteLength; i++) {
      if (this.#bytes[at + i] !== byteOf(expected.record, i)) check(false, `byte ${i} of record ${expected.record} is wrong`);
    }
    return { taken: true, woke: reader.release(reader.lines(expected.byteLength)) };
  }

  drain(): void {
    while (this.read().taken);
  }

  run(steps: readonly Step[]): void {
    for (const step of steps) {
      if ('write' in step) this.write(step.write);
      else for (let i = 0; i < step.read; i++) this.read();
    }
  }
}

/** What the reader has announced to have consumed. */
export const headOf = ({ words, ring }: Ends): number => words[ring + RING_HEAD]!;

/** Memory for a ring of `lineCount` lines with a line of sentinels at either side, filled by `fill`. */
export function memoryFor(lineCount: number, fill: (words: Int32Array) => void): { words: Int32Array; ring: number } {
  const words = new Int32Array((lineCount + 2) * LINE_WORDS);
  fill(words);
  words.fill(SENTINEL, 0, LINE_WORDS);
  words.fill(SENTINEL, -LINE_WORDS);
  return { words, ring: LINE_WORDS };
}

const SENTINEL = 0x5e471e1;

/** Both lines around the ring are untouched. */
export function expectSentinels({ words }: { words: Int32Array }): void {
  expect([...words.subarray(0, LINE_WORDS), ...words.subarray(-LINE_WORDS)]).toEqual(new Array(2 * LINE_WORDS).fill(SENTINEL));
}
