/*
 * One of two ranks that exchange records and sleep whenever there is nothing to do: `wakeup-rank.ts <rank> pingpong|stream
 * <records> <seed>`. Descriptor 3 is the memory, 4 and 5 are the doorbells of ranks 0 and 1. The loop is the one of the
 * engine, with random delays between its steps. A sleep that lasts until the watchdog is a lost wake-up.
 */
import { fstatSync } from 'node:fs';
import { checked, native } from '../../../src/native';
import type { Region } from '../../../src/region/region';
import { LINE_BYTES, readRegion, RECORD_KIND, RECORD_TAG } from '../../../src/ring/layout';
import { EAGER } from '../../../src/ring/record';
import { RingReader } from '../../../src/ring/ring-reader';
import { RingWriter } from '../../../src/ring/ring-writer';
import { STORES_ARRIVE_MS, Wakeup } from '../../../src/ring/wakeup';
import { FIRST_DESCRIPTOR } from '../../native/child';
import { Random } from '../random';

const LOST_MS = 15_000;
const FIRST_DOORBELL = FIRST_DESCRIPTOR + 1;
const [rankText, mode, recordsText, seedText] = process.argv.slice(2) as [string, string, string, string];
const rank = Number(rankText);
const other = 1 - rank;
const records = Number(recordsText);
const random = new Random(Number(seedText) + rank);

class CountingRegion implements Region {
  readonly memory = checked<ArrayBuffer>(native.mapMemory(FIRST_DESCRIPTOR, fstatSync(FIRST_DESCRIPTOR).size), 'mapping');
  readonly peer = rank;
  readonly #own = new Int32Array([FIRST_DOORBELL + rank]);
  rings = 0;
  sleeps = 0;

  ring(peer: number): void {
    this.rings++;
    checked(native.ringDoorbell(FIRST_DOORBELL + peer), 'ringing');
  }

  sleep(timeoutMs: number): boolean {
    this.sleeps++;
    checked(native.sleepOn(this.#own, timeoutMs), 'sleeping');
    return native.clearDoorbell(this.#own[0]!) > 0;
  }

  watch(): never {
    throw new Error('not used');
  }
}

const region = new CountingRegion();
const words = new Int32Array(region.memory);
const plan = readRegion(words);
const lineCount = mode === 'stream' ? 32 : (plan.ringGranules * plan.granuleBytes) / LINE_BYTES;
const ringOf = (sender: number): number => plan.heapWord + (sender * plan.ringGranules * plan.granuleBytes) / 4;
const writer = new RingWriter(words, ringOf(rank), lineCount);
const reader = new RingReader(words, ringOf(other), lineCount);
const wakeup = new Wakeup(words, region, rank, 2);
const otherBit = 1 << other;
let isActive = false;
let arms = 0;

function delay(): void {
  if (random.below(3) === 0) return;
  for (let spins = random.below(random.below(20) === 0 ? 20_000 : 200); spins > 0; spins--) Atomics.load(words, 0);
}

/** Rests until something may have changed. `isThere` is the second look of who waits. */
function rest(isThere: () => boolean): void {
  if (random.below(4) === 0) return; // one more look without sleep
  delay();
  if (wakeup.takeMarks(0) !== 0) isActive = true;
  delay();
  wakeup.arm();
  arms++;
  delay();
  if (wakeup.marked() || (isActive && reader.peek() >= 0) || isThere()) {
    if (isActive) wakeup.restoreMarks(0, otherBit);
  } else if (!wakeup.sleep(STORES_ARRIVE_MS) && !(isActive && reader.peek() >= 0)) {
    isActive = false;
    if (!wakeup.sleep(LOST_MS)) throw new Error(`rank ${rank}: a wake-up was lost`);
  }
  wakeup.disarm();
}

function send(tag: number): void {
  let word = writer.claim(8);
  while (word < 0) {
    writer.setStarved(true);
    rest(() => (word = writer.claim(8)) >= 0);
    writer.setStarved(false);
    if (word < 0) word = writer.claim(8);
  }
  words[word + RECORD_KIND] = EAGER;
  words[word + RECORD_TAG] = tag;
  writer.publish(word);
  wakeup.notify(other);
}

function receive(tag: number): void {
  for (;;) {
    if (!isActive && wakeup.marks(0) !== 0) isActive = true;
    const word = isActive ? reader.peek() : -1;
    if (word >= 0) {
      if (words[word + RECORD_TAG] !== tag) throw new Error(`record ${words[word + RECORD_TAG]} came in place of ${tag}`);
      if (reader.release(1)) wakeup.notify(other);
      return;
    }
    rest(() => false);
  }
}

for (let record = 0; record < records; record++) {
  delay();
  if (mode === 'stream') {
    if (rank === 0) send(record);
    else receive(record);
  } else if (rank === 0) {
    send(record);
    receive(record);
  } else {
    receive(record);
    delay();
    send(record);
  }
}
console.log(JSON.stringify({ rings: region.rings, sleeps: region.sleeps, arms }));
