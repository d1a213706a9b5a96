import { Comm } from 'zivm';

/*
 * Rank 1 fails in the way that the first argument names. What the others do meanwhile is the second argument: `wait` for
 * each other, `depend` on rank 1 and wait for that, or be `busy` and never look at the event loop (rank 0 waits then too).
 */

const [, , how, others] = process.argv;
const FAILING_RANK = 1;

const comm = Comm.world;

function fail(): void {
  console.log('the last words');
  switch (how) {
    case 'exit':
      return process.exit(3);
    case 'exit-code':
      process.exitCode = 4;
      return;
    case 'throw':
      throw new Error('thrown by rank 1');
    case 'reject':
      void Promise.reject(new Error('rejected by rank 1'));
      return;
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      return;
    case 'abort':
      return comm.abort(5);
    case 'really-exit':
      return (process as unknown as { reallyExit(code: number): never }).reallyExit(0);
    case 'stderr-without-newline':
      process.stderr.write('half a line');
      return process.exit(6);
  }
}

comm.barrier();
if (comm.rank === FAILING_RANK) {
  fail();
} else if (others === 'busy' && comm.rank === 2) {
  for (;;);
} else {
  comm.recv(new Uint8Array(1), others === 'depend' ? FAILING_RANK : 2 - comm.rank);
}
