import { runRanks } from '../../support/ranks';
import { program } from './program';

describe.each([['direct'], ['region']])('long messages %s', (path) => {
  test('messages of a pair never overtake each other, wildcards or not', async () => {
    await runRanks(4, program('order'), { args: [path] });
  });

  test('probes, and messages that were taken', async () => {
    await runRanks(2, program('probe'), { args: [path] });
  });

  test('what is too long or of the wrong form is consumed, and the communicator stays usable', async () => {
    await runRanks(2, program('truncation'), { args: [path] });
  });

  test('a failed receive of sendrecv does not leave its send behind', async () => {
    await runRanks(2, program('truncation'), { args: [path, 'sendrecv'] });
  });

  test('persistent requests', async () => {
    await runRanks(2, program('persistent'), { args: [path] });
  });
});

test('an inactive persistent request is not reported', async () => {
  await runRanks(2, program('persistent'), { args: ['inactive'] });
});
