/*
 * One end of a ring whose other end is another process: `ring-end.ts write|read <ring word> <lines> <records> <seed>`,
 * the memory as descriptor 3. Both sides draw the same sizes and bytes from the seed.
 */
import { fstatSync } from 'node:fs';
import { checked, native } from '../../../src/native';
import { RECORD_CONTEXT, RECORD_KIND, RECORD_LENGTH, RECORD_PAYLOAD } from '../../../src/ring/layout';
import { EAGER } from '../../../src/ring/record';
import { RingReader } from '../../../src/ring/ring-reader';
import { RingWriter } from '../../../src/ring/ring-writer';
import { FIRST_DESCRIPTOR } from '../../native/child';
import { Random } from '../random';

const HANG_MS = 40_000;
const [role, ...rest] = process.argv.slice(2);
const [ring, lineCount, records, seed] = rest.map(Number) as [number, number, number, number];
const memory = checked<ArrayBuffer>(native.mapMemory(FIRST_DESCRIPTOR, fstatSync(FIRST_DESCRIPTOR).size), 'mapping');
const words = new Int32Array(memory);
const bytes = new Uint8Array(memory);
const shared = new Random(seed);
/** When this side is slow is its own affair. */
const own = new Random(process.pid);
const deadline = Date.now() + HANG_MS;
const { maxPayload } = new RingWriter(words, ring, lineCount);

function nextLength(): number {
  const draw = shared.below(20);
  if (draw === 0) return shared.below(maxPayload + 1);
  return shared.below(draw < 12 ? 33 : 300);
}

const nobody = new Int32Array(new SharedArrayBuffer(4));
let vain = 0;

/** Waits a moment for the other side; on few cores it may need this one. */
function pause(): void {
  if ((++vain & 255) === 0) Atomics.wait(nobody, 0, 0, 0.01);
  if ((vain & 0xffff) === 0 && Date.now() > deadline) throw new Error(`${role} hangs`);
}

function loiter(): void {
  if (own.below(2000) !== 0) return;
  for (let spins = own.below(100_000); spins > 0; spins--) Atomics.load(words, 0);
}

/** Fletcher's checksum. */
function checksum(from: number, byteLength: number): number {
  let low = 1;
  let high = 0;
  for (let i = from; i < from + byteLength; i++) {
    low = (low + bytes[i]!) % 65521;
    high = (high + low) % 65521;
  }
  return (high << 16) | low;
}

function write(): void {
  const writer = new RingWriter(words, ring, lineCount);
  for (let record = 0; record < records; record++) {
    const byteLength = nextLength();
    const start = shared.below(256);
    let word = writer.claim(byteLength);
    for (; word < 0; word = writer.claim(byteLength)) pause();
    const at = (word + RECORD_PAYLOAD) * 4;
    for (let i = 0; i < byteLength; i++) bytes[at + i] = start + i * 3;
    words[word + RECORD_KIND] = EAGER;
    words[word + RECORD_LENGTH] = byteLength;
    words[word + RECORD_CONTEXT] = checksum(at, byteLength);
    writer.publish(word);
    loiter();
  }
}

function read(): void {
  const reader = new RingReader(words, ring, lineCount);
  for (let record = 0; record < records; record++) {
    const byteLength = nextLength();
    const start = shared.below(256);
    let word = reader.peek();
    for (; word < 0; word = reader.peek()) pause();
    if (words[word + RECORD_LENGTH] !== byteLength) throw new Error(`record ${record} has length ${words[word + RECORD_LENGTH]}, not ${byteLength}`);
    const at = (word + RECORD_PAYLOAD) * 4;
    const isRight = byteLength === 0 || (bytes[at] === start && bytes[at + byteLength - 1] === ((start + (byteLength - 1) * 3) & 0xff));
    if (!isRight || checksum(at, byteLength) !== words[word + RECORD_CONTEXT]) throw new Error(`record ${record} has wrong bytes`);
    reader.release(reader.lines(byteLength));
    loiter();
  }
  if (reader.peek() >= 0) throw new Error('there is a record too many');
}

if (role === 'write') write();
else read();
console.log(`done ${records}`);
