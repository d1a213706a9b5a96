import { getPriority } from 'node:os';
import { steadyLoops } from './support/steady';
import { join, run, sleep } from './support/job';

/*
 * Two ranks that run steady loops, for somebody who traces their system calls: each round of a loop is between two
 * marks, system calls that nothing else makes. `busy` makes another one in each, which is what must not be.
 */

const WARM_UP = 10_000;
const ROUND = 500;
const ROUNDS = 40;

const comm = join();
const isBusy = process.argv.includes('busy');

/** getpriority: it does nothing. */
function mark(): void {
  getPriority();
}

run(async () => {
  for (const loop of Object.values(steadyLoops(comm))) {
    // The compiler works in the background: a pause lets it finish.
    for (let i = 0; i < 2; i++) {
      loop(WARM_UP / 2);
      await sleep(50);
    }
    for (let round = 0; round < ROUNDS; round++) {
      comm.barrier();
      mark();
      loop(ROUND);
      if (isBusy) process.cpuUsage();
      mark();
    }
  }
});
