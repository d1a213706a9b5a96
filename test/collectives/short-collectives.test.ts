import { join } from 'node:path';
import { startZivmrun } from '../support/launcher';
import { runRanks } from '../support/ranks';

const program = (name: string): string => join(__dirname, 'programs', `${name}.ts`);

const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);

// The seed is in the name of the test; TEST_SEED=<seed> runs the same schedule again. With 33 ranks there is no board.
test.each([
  [2, 4000, 'crowded', SEED],
  [2, 3000, 'roomy', SEED + 1],
  [3, 3000, 'crowded', SEED],
  [3, 1000, 'roomy', SEED + 1],
  [8, 1200, 'crowded', SEED],
  [20, 200, 'crowded', SEED],
  [33, 60, 'crowded', SEED],
])('%d ranks do %d random collectives, %s, TEST_SEED=%d', async (size, rounds, cores, seed) => {
  await runRanks(size, program('random-collectives'), { args: [String(seed), String(rounds), cores], timeoutSeconds: 150 });
});

test.each([
  [2, 'roomy'],
  [2, 'crowded'],
  [3, 'roomy'],
  [8, 'crowded'],
  [16, 'crowded'],
])('a slow rank sees the data of every round, in step: %d ranks, %s', async (size, cores) => {
  await runRanks(size, program('slow-reader'), { args: [cores], timeoutSeconds: 60 });
});

// The room for long data holds three of the longest pieces there.
test.each([
  [2, '512K'],
  [3, '512K'],
])('nobody overwrites what a slow rank has yet to read, in little room: %d ranks in %s', async (size, regionSize) => {
  await runRanks(size, program('slow-reader'), { args: ['roomy'], launcherArgs: ['--region-size', regionSize], timeoutSeconds: 60 });
});

test.each([
  [2, 'roomy'],
  [3, 'crowded'],
  [3, 'roomy'],
  [4, 'crowded'],
])('different lengths are an error for whoever reads them, and nothing hangs: %d ranks, %s', async (size, cores) => {
  await runRanks(size, program('different-lengths'), { args: [cores], timeoutSeconds: 30 });
});

describe.each([
  'barrier',
  'barrier after bcast from the first rank',
  'barrier after bcast from the last rank',
  'bcast',
  'reduce',
  'allreduce',
  'long bcast',
  'long reduce',
])('the last rank ends while the others wait for it: %s', (call) => {
  test('killed: the job ends with a report', async () => {
    const job = startZivmrun(['-n', '3', '--timeout', '30', program('ended-rank'), call, 'killed']);
    const { exitCode, stderr } = await job.ended;
    expect(stderr).toMatch(/^zivmrun: rank 2 \(process \d+\) was killed by SIGKILL: the job is ended/m);
    expect(stderr).toContain('  | the last words');
    expect(exitCode).toBe(137);
    await job.gone();
  });

  test.each([2, 3, 8])('it has left: an error for each of %d ranks', async (size) => {
    await runRanks(size, program('ended-rank'), { args: [call, 'leaves'], timeoutSeconds: 30 });
  });
});
