import { runRanks } from '../../support/ranks';
import { program } from './program';

// Straight from the sender's memory, as on one host, and through the region, as between virtual machines.
describe.each([['direct'], ['region']])('long messages %s', (path) => {
  test('every buffer type and length arrives as it was sent', async () => {
    await runRanks(2, program('buffers'), { args: [path] });
  });

  test('1 GiB arrives in one message', async () => {
    await runRanks(2, program('huge'), { args: [path] });
  });
});
