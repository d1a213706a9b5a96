import { runRanks } from '../../support/ranks';
import { program } from './program';

describe('modes of sending', () => {
  test.each([
    [2, 'direct'],
    [2, 'region'],
    [4, 'direct'],
    [4, 'region'],
  ])('%d ranks, long messages %s', async (size, path) => {
    await runRanks(size, program('modes'), { args: [path] });
  });

  test.each([1, 3])('PROC_NULL with %d ranks', async (size) => {
    await runRanks(size, program('proc-null'));
  });
});

describe('messages of a rank to itself', () => {
  const PARTS = ['receiveFirst', 'messageFirst', 'synchronousMessageFirst', 'both', 'objects', 'failures', 'separate', 'nothingThere'];

  test.each(PARTS)('%s', async (part) => {
    await runRanks(2, program('self'), { args: [part], timeoutSeconds: 30 });
  });

  test.each(['unmatchedSend', 'unmatchedReceive', 'waits'])('to wait for oneself is an error: %s', async (part) => {
    await runRanks(2, program('self'), { args: [part], timeoutSeconds: 30 });
  });

  test.each(['anySource', 'probe'])('a call that only this rank could complete throws: %s', async (part) => {
    await runRanks(2, program('self'), { args: [part], timeoutSeconds: 10 });
  });
});
