/*
 * A rank that allocates and frees granules until it is told to stop, or killed: `allocator-owner.ts <rank> <seed>`, the
 * region as descriptor 3. It writes its number into everything that it holds, and finds it there before it frees.
 */
import { fstatSync } from 'node:fs';
import { ZivmError } from '../../../src/errors';
import { checked, native } from '../../../src/native';
import { Allocator } from '../../../src/ring/allocator';
import { readRegion } from '../../../src/ring/layout';
import { FIRST_DESCRIPTOR } from '../../native/child';
import { Random } from '../random';

/** A word of the header that nobody uses: the test sets it to end this. */
const STOP_WORD = 15;
const HANG_MS = 40_000;
const MOST_HELD = 24;
const MOST_GRANULES = 9;

const [rank, seed] = process.argv.slice(2).map(Number) as [number, number];
const random = new Random(seed);
const memory = checked<ArrayBuffer>(native.mapMemory(FIRST_DESCRIPTOR, fstatSync(FIRST_DESCRIPTOR).size), 'mapping');
const words = new Int32Array(memory);
const plan = readRegion(words);
const allocator = new Allocator(words, plan, rank);
const granuleWords = plan.granuleBytes / 4;
const held: { first: number; count: number; mark: number }[] = [];
const deadline = Date.now() + HANG_MS;
let allocations = 0;

function allocate(): boolean {
  const count = 1 + random.below(MOST_GRANULES);
  let first: number;
  try {
    first = allocator.allocate(count);
  } catch (error) {
    if (error instanceof ZivmError && error.code === 'ERR_ZIVM_NO_SPACE') return false;
    throw error;
  }
  const mark = (rank << 24) | (++allocations & 0xffffff);
  words.fill(mark, allocator.wordOf(first), allocator.wordOf(first) + count * granuleWords);
  held.push({ first, count, mark });
  return true;
}

function verify({ first, count, mark }: (typeof held)[number]): void {
  const from = allocator.wordOf(first);
  for (let word = from; word < from + count * granuleWords; word++) {
    if (words[word] !== mark) throw new Error(`granule ${first} of rank ${rank} was also given to rank ${words[word]! >>> 24}`);
  }
}

function free(): void {
  const [one] = held.splice(random.below(held.length), 1);
  verify(one!);
  allocator.free(one!.first);
}

console.log('ready');
while (Atomics.load(words, STOP_WORD) === 0) {
  if (Date.now() > deadline) throw new Error('nobody stops this');
  for (let step = 0; step < 100; step++) {
    const isToFree = held.length > 0 && (held.length >= MOST_HELD || random.below(2) === 0);
    if (isToFree || !allocate()) {
      if (held.length > 0) free();
    }
  }
}
held.forEach(verify);
console.log(`held ${JSON.stringify({ allocations, held })}`);
