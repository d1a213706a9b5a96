import { join } from 'node:path';
import { runRanks } from '../support/ranks';

const program = (name: string): string => join(__dirname, 'programs', `${name}.ts`);

const SIZES = [1, 2, 3, 4, 7, 8];
/** Whether ranks share cores decides between algorithms; with one rank there is nothing to decide. */
const BOTH = SIZES.flatMap((size) => (size > 1 ? [[size, 'crowded'] as const, [size, 'roomy'] as const] : [[size, 'roomy'] as const]));
/** Seven and eight ranks take long: each does one of the two. */
const CASES = BOTH.filter(([size, cores]) => size < 7 || (size === 7) === (cores === 'crowded'));

test.each(CASES)('barrier, bcast and bcastObject: %d ranks, %s', async (size, cores) => {
  await runRanks(size, program('basics'), { args: [cores] });
});

test.each([
  ['512K', 'crowded'],
  ['256K', 'crowded'],
  ['512K', 'roomy'],
  ['256K', 'roomy'],
])('where the region has little or no room for long data on the board: 3 ranks, %s, %s', async (regionSize, cores) => {
  await runRanks(3, program('basics'), { args: [cores], launcherArgs: ['--region-size', regionSize], timeoutSeconds: 170 });
});

test.each(SIZES)('a value that cannot be packed is an error on every rank: %d ranks', async (size) => {
  await runRanks(size, program('basics'), { args: ['unpackable'] });
});

test.each(CASES)('reduce and allreduce, every operation and type: %d ranks, %s', async (size, cores) => {
  await runRanks(size, program('reductions'), { args: ['everything', cores] });
});

test.each(SIZES)('reductions of values and special floats; wrong arguments: %d ranks', async (size) => {
  await runRanks(size, program('reductions'), { args: ['details'] });
});

test.each(SIZES)('reductions of Buffers: %d ranks', async (size) => {
  await runRanks(size, program('reductions'), { args: ['buffers'] });
});

test.each(CASES)('operations of the user: %d ranks, %s', async (size, cores) => {
  await runRanks(size, program('user-operations'), { args: [cores] });
});

test.each(CASES)('collectives do not disturb messages: %d ranks, %s', async (size, cores) => {
  await runRanks(size, program('beside-messages'), { args: [cores, 'region'] });
});

test.each(['broadcasts', 'reductions', 'refused', 'refusedLate', 'refusedLateForAll', 'differentLengths', 'wrongRoots', 'throwing'])('the two ways of long data of two ranks: %s', async (part) => {
  await runRanks(2, program('two-ways'), { args: [part, 'roomy'] });
});

test.each([
  [2, 'wrongRoots'],
  [3, 'wrongRoots'],
  [2, 'lateAfterFailure'],
  [3, 'lateAfterFailure'],
  [2, 'otherCalls'],
  [4, 'otherCalls'],
  [2, 'failingRoot'],
  [3, 'failingRoot'],
  [3, 'failingOther'],
])('a barrier after a short broadcast, where ranks share a core: %d ranks, %s', async (size, part) => {
  await runRanks(size, program('led-barriers'), { args: [part, 'crowded', 'region'], timeoutSeconds: 30 });
});
