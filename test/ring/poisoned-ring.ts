import { LINE_WORDS, RECORD_KIND, recordLines, RING_RECORDS } from '../../src/ring/layout';
import { EAGER } from '../../src/ring/record';
import type { Random } from './random';
import type { Ends } from './ring-model';

/**
 * A ring whose records hold the worst that a payload can: at the beginning of each line but the first, the number of a record that may begin there in
 * one of the next laps. Each record is read as soon as it is written.
 */
export class PoisonedRing {
  readonly #ends: Ends;
  readonly #random: Random;
  readonly #lines: number;
  readonly #laps: number;
  #previous = -1;
  /** How often it has gone round. */
  lap = 0;

  /** @param lines for records @param laps how far ahead the numbers are at most */
  constructor(ends: Ends, random: Random, lines: number, laps: number) {
    this.#ends = ends;
    this.#random = random;
    this.#lines = lines;
    this.#laps = laps;
  }

  /** Claims a record, writes all of it but its last line, and gives it up. */
  giveUp(byteLength: number): void {
    this.#poison(this.#claim(byteLength), recordLines(byteLength) - 1);
  }

  /** @returns the word where the record is */
  write(byteLength: number): number {
    const { words, writer } = this.#ends;
    const record = this.#claim(byteLength);
    this.#poison(record, recordLines(byteLength));
    words[record + RECORD_KIND] = EAGER;
    writer.publish(record);
    return record;
  }

  #claim(byteLength: number): number {
    const record = this.#ends.writer.claim(byteLength);
    if (record < this.#previous) this.lap++;
    this.#previous = record;
    return record;
  }

  #poison(record: number, lineCount: number): void {
    const { words, ring } = this.#ends;
    for (let line = 1; line < lineCount; line++) {
      const word = record + line * LINE_WORDS;
      const lap = this.lap + 1 + this.#random.below(this.#laps);
      words[word] = lap * this.#lines + (word - ring - RING_RECORDS) / LINE_WORDS + 1;
    }
  }
}
