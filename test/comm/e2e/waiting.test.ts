import { runRanks } from '../../support/ranks';
import { program } from './program';

describe.each([['direct'], ['region']])('long messages %s', (path) => {
  test('awaiting leaves the event loop free and loses no wake-up', async () => {
    await runRanks(3, program('awaiting'), { args: [path] });
  });

  test('messages() loses nothing', async () => {
    await runRanks(3, program('messages'), { args: [path] });
  });

  test('a rank that ends delivers first, and what waits for it then fails', async () => {
    await runRanks(3, program('ends'), { args: [path] });
  });
});

test('two loops over messages() share the messages', async () => {
  await runRanks(3, program('messages'), { args: ['two'] });
});

test('a receive from anyone fails when everyone has ended', async () => {
  await runRanks(3, program('ends'), { args: ['last'] });
});

test('a message that was taken before its receiver ended is delivered, although not all of it has left', async () => {
  // In such a region rings have 256 KiB.
  await runRanks(2, program('taken-and-gone'), { args: ['roomy'], launcherArgs: ['--region-size', '2M'], timeoutSeconds: 30 });
});

test('a message that was taken is complete at its sender although its ring is full, and stays so', async () => {
  await runRanks(2, program('taken-and-gone'), { args: ['stays', 'roomy'], launcherArgs: ['--region-size', '64K'], timeoutSeconds: 30 });
});

test('an awaited request keeps the process alive', async () => {
  await runRanks(2, program('kept-alive'));
});

test('a request that nobody awaits does not', async () => {
  await runRanks(2, program('kept-alive'), { args: ['unawaited'], timeoutSeconds: 20 });
});

test('what nobody awaits is completed while the event loop sleeps for something else', async () => {
  await runRanks(2, program('asleep'), { timeoutSeconds: 40 });
});

test('a blocked rank uses no processor time', async () => {
  await runRanks(2, program('blocked'));
});
