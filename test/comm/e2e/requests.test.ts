import { runRanks } from '../../support/ranks';
import { program } from './program';

const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31);

describe.each([['direct'], ['region']])('long messages %s', (path) => {
  test('timeouts, test, and the calls on many requests', async () => {
    await runRanks(2, program('requests'), { args: [path] });
  });

  test('cancelling and aborting', async () => {
    await runRanks(2, program('cancel'), { args: [path] });
  });

  test(`thousands of operations at once (TEST_SEED=${SEED})`, async () => {
    // Rings have 256 KiB there: most parts fill them.
    await runRanks(2, program('many'), { args: [path, String(SEED)], launcherArgs: ['--region-size', '2M'] });
  });
});

test('a receive with an aborted signal takes no message', async () => {
  await runRanks(2, program('cancel'), { args: ['aborted'] });
});
