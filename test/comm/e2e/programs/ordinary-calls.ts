import assert from 'node:assert/strict';
import { Op } from 'zivm';
import { fast } from '../../../../src/native';
import { join, run, sleep } from './support/job';
import { steadyLoops } from './support/steady';

/*
 * Two ranks: once V8 has compiled a loop, all its copies and kernels are direct calls, on versions of Node for which
 * native/fast/fast-call.h knows how. (The addon, and so its count, is the library's.)
 */

const HAS_FAST_CALLS = ['115', '127'].includes(process.versions.modules);
const WARM_UP = 50_000;
/** All of a ring, several times over; and so short that a rank keeps its core in some rounds, whatever else runs: one that comes late meets its message on paths that may not be compiled yet. */
const ROUND = 2_000;
const MOST_ROUNDS = 200;
const ELEMENTS = 100;

const comm = join();

function reductions(rounds: number): void {
  const own = new Float64Array(ELEMENTS).fill(1);
  const sum = new Float64Array(ELEMENTS);
  for (let i = 0; i < rounds; i++) comm.allreduce(own, sum);
}

function broadcasts(rounds: number): void {
  const buf = new Int32Array(ELEMENTS).fill(1);
  for (let i = 0; i < rounds; i++) comm.bcast(buf, i & 1);
}

run(async () => {
  for (const [name, loop] of Object.entries({ ...steadyLoops(comm), reductions, broadcasts })) {
    // The compiler works in the background: a pause lets it finish.
    for (let i = 0; i < 2; i++) {
      loop(WARM_UP / 2);
      await sleep(50);
    }
    let least = Infinity;
    for (let round = 0; round < MOST_ROUNDS && least > 0; round++) {
      const before = fast.ordinaryCalls();
      loop(ROUND);
      least = Math.min(least, comm.allreduce(fast.ordinaryCalls() - before, Op.MAX));
    }
    if (HAS_FAST_CALLS) assert.equal(least, 0, `${name}: ordinary calls in every round`);
  }
});
