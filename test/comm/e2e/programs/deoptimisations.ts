import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { Op } from 'zivm';
import { join, run, sleep } from './support/job';
import { steadyLoops } from './support/steady';

/*
 * Two ranks: once V8 has compiled a loop, it discards nothing of what it has compiled. V8 writes a trace of each time
 * it does to a file. `provoked` makes it do so, and finds that it is seen.
 */

const WARM_UP = 50_000;
const ROUND = 10_000;
const MOST_ROUNDS = 10;
const LONG_WAIT_MS = 300;
const SHORT_WAIT_MS = 0.01;

const folder = mkdtempSync(joinPath(tmpdir(), 'zivm-deoptimisations-'));
const trace = joinPath(folder, 'trace');
process.once('exit', () => {
  // The end of the process discards code too, and V8 dies when it cannot write of it.
  setFlagsFromString('--no-trace-deopt');
  rmSync(folder, { recursive: true });
});
for (const flag of ['--redirect-code-traces', `--redirect-code-traces-to=${trace}`, '--trace-deopt']) setFlagsFromString(flag);

const comm = join();

/** Calls that have to wait, the first of them so long that V8 compiles the loop in which they wait during its first run. */
function waiting(rounds: number): void {
  const sum = new Float64Array(1);
  const own = new Float64Array([1]);
  for (let i = 0; i < rounds; i++) {
    if (comm.rank === 0) beBusy(i === 0 ? LONG_WAIT_MS : SHORT_WAIT_MS);
    comm.allreduce(own, sum);
  }
}

function beBusy(ms: number): void {
  for (const start = performance.now(); performance.now() - start < ms; );
}

function traced(): string[] {
  try {
    return readFileSync(trace, 'utf8').split('\n').filter((line) => line.includes('begin. deoptimizing'));
  } catch {
    return []; // V8 makes the file when there is something to write
  }
}

/** Has a function compiled for numbers, and calls it with something else. */
function provoke(): void {
  setFlagsFromString('--allow-natives-syntax');
  runInThisContext(`
    const add = (a, b) => a + b;
    %PrepareFunctionForOptimization(add);
    add(1, 2);
    %OptimizeFunctionOnNextCall(add);
    add(1, 2);
    add('a', 'b');
  `);
}

run(async () => {
  if (process.argv.includes('provoked')) {
    provoke();
    assert.equal(traced().length, 1, 'V8 discarded compiled code, and there is no trace of it');
    return;
  }
  for (const [name, loop] of Object.entries({ waiting, ...steadyLoops(comm) })) {
    // The compiler works in the background: a pause lets it finish.
    for (let i = 0; i < 2; i++) {
      loop(WARM_UP / 2);
      await sleep(50);
    }
    // A rank that has to sleep because other programs use the cores runs code that it has not run before: a round counts
    // in which that did not happen.
    let least = Infinity;
    for (let round = 0; round < MOST_ROUNDS && least > 0; round++) {
      const before = traced().length;
      loop(ROUND);
      least = Math.min(least, comm.allreduce(traced().length - before, Op.MAX));
    }
    assert.equal(least, 0, `${name}: V8 discarded compiled code in every round:\n${traced().join('\n')}`);
  }
});
