import { runRanks } from '../../support/ranks';
import { program } from './program';

test.each(['direct', 'region'])('values of all kinds, long messages %s', async (path) => {
  await runRanks(2, program('objects'), { args: [path] });
});
