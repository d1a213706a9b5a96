import { runRanks } from '../../support/ranks';
import { program } from './program';

test.each(['calls', 'sendrecvCalls', 'sendrecvTakesNothing', 'limits'])('arguments: %s', async (part) => {
  await runRanks(2, program('arguments'), { args: [part] });
});
