import { corrupt } from './corrupt';
import { publish } from './order';
import {
  LINE_BYTES,
  LINE_WORDS,
  RECORD_KIND,
  RECORD_NUMBER,
  RECORD_PAYLOAD,
  recordLines,
  RING_HEAD,
  RING_RECORDS,
  RING_STARVED,
} from './layout';
import { SKIP } from './record';

/**
 * The sender's end of a ring: one rank writes, one rank reads.
 *
 * A record is published by storing the number of its first line there. Lines are counted from 1 and lap after lap, so
 * no record has the number of an earlier one. But the line at which the next record will begin may lie within an earlier one, and
 * hold a word of a payload that happens to be that number: the writer looks, and overwrites it, before the reader
 * gets there. So it keeps one line more free than the record takes. It need not look when all records of the last lap had one line,
 * what was skipped at the end among them, and should not: a store goes on its way by itself, but for a load the writer waits until the line has come.
 */
export class RingWriter {
  private readonly words: Int32Array;
  private readonly ring: number;
  /** Word indices of the first line for records, and of the end. */
  private readonly first: number;
  private readonly end: number;
  private readonly lineCount: number;
  /** Where the next record begins. */
  private next: number;
  /** Lines written since the ring was made; wraps at 2^32. */
  private written = 0;
  /** Lines that the reader is known to have consumed. */
  private head = 0;
  /** Lines of the record claimed last. */
  private lines = 0;
  /** Lines yet to be written, from where the next record begins, until no line is left that may hold a payload where a number belongs. */
  private suspect: number;
  /** The longest payload for which a drained ring always has room. */
  readonly maxPayload: number;

  /** @param ring word index of the ring @param lineCount its size */
  constructor(words: Int32Array, ring: number, lineCount: number) {
    this.words = words;
    this.ring = ring;
    this.first = ring + RING_RECORDS;
    this.end = ring + lineCount * LINE_WORDS;
    this.lineCount = lineCount - RING_RECORDS / LINE_WORDS;
    this.next = this.first;
    this.suspect = this.lineCount;
    // A record is in one piece, for which as much again may be skipped, and the reader announces its progress a quarter late.
    this.maxPayload = (this.lineCount >> 2) * LINE_BYTES - RECORD_PAYLOAD * 4;
  }

  /** Makes a ring out of granules that may hold anything. */
  format(): void {
    this.words[this.first + RECORD_NUMBER] = 0;
    this.words[this.ring + RING_HEAD] = 0;
    this.words[this.ring + RING_STARVED] = 0;
  }

  /**
   * Room for a record with a payload of `byteLength` bytes, at most `maxPayload`.
   * @returns word index of the record, or -1 when the ring is full
   * @throws ZivmError `ERR_ZIVM_CORRUPT` when the reader claims to have read what was not written
   */
  claim(byteLength: number): number {
    const lines = recordLines(byteLength);
    if (this.next + lines * LINE_WORDS > this.end && !this.skip()) return -1;
    return this.claimLines(lines) ? this.next : -1;
  }

  private claimLines(lines: number): boolean {
    // One more for the start of the next record.
    if (((this.written - this.head) | 0) + lines >= this.lineCount) {
      this.readHead();
      if (((this.written - this.head) | 0) + lines >= this.lineCount) return false;
    }
    this.lines = lines;
    // In this order: a comparison that is made for the first time after a lap of short records would have V8 compile everything again then.
    if (lines > 1 || this.suspect > 0) this.clear(lines);
    return true;
  }

  /** Sees to it that the line after the record does not hold the number that the reader will wait for there. After a record of several lines that is to be done for a lap. */
  private clear(lines: number): void {
    const wanted = (this.written + lines + 1) | 0;
    const number = this.after(lines) + RECORD_NUMBER;
    if (this.words[number] === wanted) this.words[number] = ~wanted;
    if (lines > 1) this.suspect = this.lineCount + lines;
  }

  /** Where the record after one of so many lines begins. */
  private after(lines: number): number {
    const end = this.next + lines * LINE_WORDS;
    return end === this.end ? this.first : end;
  }

  /** What is left at the end of the ring is skipped when it is too short. */
  private skip(): boolean {
    if (!this.claimLines((this.end - this.next) / LINE_WORDS)) return false;
    this.words[this.next + RECORD_KIND] = SKIP;
    this.publish(this.next);
    return true;
  }

  private readHead(): void {
    // SYNC POINT with RingReader.release: what the reader has consumed may be overwritten.
    const head = Atomics.load(this.words, this.ring + RING_HEAD);
    const used = (this.written - head) | 0;
    if (used < 0 || used > ((this.written - this.head) | 0)) throw corrupt(`a ring's head is ${head}, ${this.written} was written`);
    this.head = head;
  }

  /** Tells the reader whether this rank, about to sleep, waits for room. */
  setStarved(starved: boolean): void {
    // SYNC POINT with RingReader.release: store, fence, then the caller looks at the head again.
    Atomics.store(this.words, this.ring + RING_STARVED, starved ? 1 : 0);
  }

  /** Publishes the record that was claimed last. */
  publish(record: number): void {
    // SYNC POINT with RingReader.peek: everything written before is visible to who sees this number.
    publish(this.words, record + RECORD_NUMBER, this.number);
    this.advance();
  }

  /** The number under which the record that was claimed last is to be published. */
  get number(): number {
    return (this.written + 1) | 0;
  }

  /** The record that was claimed last has been published. */
  advance(): void {
    this.written = (this.written + this.lines) | 0;
    this.next = this.after(this.lines);
    if (this.suspect > 0) this.suspect -= this.lines;
  }
}
