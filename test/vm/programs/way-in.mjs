// What a rank's way into the region promises (src/region/region.ts), wherever the rank lives. Two ranks run it, which
// agree by words of the region that no job uses: the last ones of its part.
import { strict as assert } from 'node:assert';
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

const require = createRequire(import.meta.url);
const { joinJob } = require('../../../dist/src/job/join.js');
const { RANK_PEER, RANK_PHASE, RANK_SLOT, rankWord } = require('../../../dist/src/ring/layout.js');

/** RankPhase.Finished, which has no name at run time. */
const FINISHED = 2;

const isPolled = process.env.ZIVM_POLLED_DEVICE !== undefined;
const { rank, size, region, words } = joinJob();
assert.equal(size, 2);
const other = 1 - rank;
const STEP = words.length - 64;
const COUNT = words.length - 32;
const peerOf = (rank) => words[rankWord(rank) + RANK_PEER];
const slotOf = (rank) => words[rankWord(rank) + RANK_SLOT];
const ringOther = () => region.ring(peerOf(other), slotOf(other));

let step = 0;
const never = new Int32Array(new SharedArrayBuffer(4));

/** Both ranks are here. It takes no ring of the doorbell. */
function meet() {
  step++;
  Atomics.store(words, STEP + rank, step);
  while (Atomics.load(words, STEP + other) < step) Atomics.wait(never, 0, 0, 1);
}
/** Eats what was rung before, so that the next sleep is about the next ring. */
const clear = () => region.sleep(0);

// The IDs are those of the table.
assert.equal(region.peer, peerOf(rank));
meet();

// It is one memory, and atomic operations are atomic across it.
for (let i = 0; i < 200_000; i++) Atomics.add(words, COUNT, 1);
meet();
assert.equal(Atomics.load(words, COUNT), 400_000);
meet();

// Nobody rings: a sleep ends when its time is over.
clear();
meet();
clear();
const start = performance.now();
while (performance.now() - start < 50) region.sleep(50);
meet();

// A doorbell that rang before the sleep began is not lost.
clear();
meet();
if (rank === 0) ringOther();
meet();
if (rank === 1) region.sleep(-1);
meet();

// A sleeper wakes, without a limit of time. Without interrupts it wakes anyway, and looks.
if (rank === 0) {
  await delay(300);
  Atomics.store(words, COUNT, 7);
  ringOther();
} else {
  let naps = 0;
  while (Atomics.load(words, COUNT) !== 7) {
    region.sleep(-1);
    naps++;
  }
  assert.ok(isPolled || naps < 20, `${naps} naps`);
}
meet();

// The event loop hears it too, until it is told to stop, and sleeps in between.
let rings = 0;
let heard = () => undefined;
const watcher = region.watch(() => {
  rings++;
  heard();
});
clear();
assert.equal(watcher.start(false), 0);
meet();
if (rank === 0) {
  await delay(200);
  ringOther();
} else {
  await new Promise((resolve) => (heard = resolve));
  assert.ok(rings > 0);
}
watcher.stop();
meet();
const before = rings;
ringOther();
await delay(100);
assert.equal(rings, before);
meet();
watcher.close();

// To ring for a peer that is not there does nothing.
region.ring(60_000, 0);
meet();
Atomics.store(words, rankWord(rank) + RANK_PHASE, FINISHED);
console.log(`rank ${rank} is done`);
