import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ZIVMRUN } from '../../support/launcher';
import { compiled } from '../../support/compiled';
import { runRanks } from '../../support/ranks';
import { program } from './program';

/*
 * What a short message costs once the loop is running, counted and not timed: no allocation, no system call, no code
 * that V8 compiles again. Other programs that take a rank's core make it sleep, which needs all three; so each count is
 * that of the best of many rounds.
 */

/** Of test/comm/e2e/programs/system-calls.ts. */
const ROUNDS = 40;
const MARK = /^getpriority\(/;
const TIMEOUT_MS = 100_000;
/** Watchdog of loops that other programs may slow down a hundredfold: each message waits for a turn on the core then. */
const LONG = { timeoutSeconds: 280 };
const LONG_MS = 300_000;

/** Runs the program under strace. @returns by rank, how many system calls its main thread made in each round */
async function systemCalls(...args: string[]): Promise<number[][]> {
  const folder = mkdtempSync(join(tmpdir(), 'zivm-strace-'));
  try {
    // A file for each thread; the marks tell which threads are the ranks' main ones.
    const command = [process.execPath, ZIVMRUN, '-n', '2', compiled(program('system-calls')), ...args];
    await promisify(execFile)('strace', ['-ff', '-o', join(folder, 'thread'), ...command], { timeout: TIMEOUT_MS });
    return readdirSync(folder)
      .map((file) => callsBetweenMarks(readFileSync(join(folder, file), 'utf8').split('\n')))
      .filter((rounds) => rounds.length > 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function callsBetweenMarks(lines: string[]): number[] {
  const marks = lines.flatMap((line, index) => (MARK.test(line) ? [index] : []));
  return marks.flatMap((mark, i) => (i % 2 === 0 ? [marks[i + 1]! - mark - 1] : []));
}

/** The best round of each loop: the rank that made more calls in it counts. */
function bestRounds(ranks: number[][]): number[] {
  const worst = ranks[0]!.map((_, round) => Math.max(...ranks.map((rounds) => rounds[round]!)));
  return Array.from({ length: worst.length / ROUNDS }, (_, loop) => Math.min(...worst.slice(loop * ROUNDS, (loop + 1) * ROUNDS)));
}

test('blocking calls with short messages allocate nothing, others a small request each', async () => {
  await runRanks(2, program('allocation'), LONG);
}, LONG_MS);

test('they and short collectives make no system calls', async () => {
  const ranks = await systemCalls();
  expect(ranks).toHaveLength(2);
  expect(bestRounds(ranks)).toEqual([0, 0, 0, 0]);
});

test('a system call would be counted', async () => {
  for (const best of bestRounds(await systemCalls('busy'))) expect(best).toBeGreaterThan(0);
});

test('their copies and kernels are direct calls', async () => {
  await runRanks(2, program('ordinary-calls'), LONG);
}, LONG_MS);

test('V8 does not discard what it has compiled for them', async () => {
  await runRanks(2, program('deoptimisations'), LONG);
}, LONG_MS);

test('compiled code that is discarded would be counted', async () => {
  await runRanks(2, program('deoptimisations'), { args: ['provoked'] });
});
