import { runRanks } from '../../support/ranks';
import { program } from './program';

const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);

// The seed is in the name of the test; TEST_SEED=<seed> runs the same schedule again.
test.each([
  [3, 'direct', SEED],
  [4, 'direct', SEED + 1],
  [4, 'region', SEED],
  [3, 'region', SEED + 1],
])('%d ranks do a random schedule, long messages %s, TEST_SEED=%d', async (size, path, seed) => {
  await runRanks(size, program('random-schedule'), { args: [String(seed), path] });
});

// Then a full ring cuts everything that is longer than some KiB, the beginnings of long messages too.
test.each([
  [2, '64K', SEED],
  [3, '256K', SEED + 1],
])('%d ranks with rings of 16 KiB, in a region of %s, do a random schedule, TEST_SEED=%d', async (size, regionSize, seed) => {
  await runRanks(size, program('random-schedule'), { args: [String(seed), 'region'], launcherArgs: ['--region-size', regionSize] });
});
