import { Op } from 'zivm';
import { throwsCode } from '../../comm/e2e/programs/support/errors';
import { join } from '../../comm/e2e/programs/support/job';
import { pause } from './support/pause';

/*
 * From two ranks on: the last rank ends while the others wait for it in a collective, the first argument. It is
 * killed, or it `leaves`, the second argument: then the others must be told so.
 */

/** A rank's slots on the board, which it uses in turn. */
const SLOTS = 2;
/** Of several pieces. */
const LONG_LENGTH = 50_000;
/** So many, that two ranks take both ways of long data. */
const CALLS_BEFORE = 12;
/** Long enough that the others wait in their sleep. */
const LATE_MS = 300;
/** Barriers that follow a broadcast from the first or the last rank, which leaves them first where few ranks share cores. */
const BARRIER_OF_FIRST = 'barrier after bcast from the first rank';
const BARRIER_OF_LAST = 'barrier after bcast from the last rank';
/** In all of these everybody waits for the last rank. */
const CALLS = {
  barrier: () => comm.barrier(),
  bcast: () => comm.bcast(new Int32Array(2), last),
  reduce: () => comm.reduce(comm.rank, Op.SUM, 0),
  allreduce: () => comm.allreduce(comm.rank),
  'long bcast': () => comm.bcast(new Int32Array(LONG_LENGTH), last),
  'long reduce': () => comm.reduce(new Int32Array(LONG_LENGTH), new Int32Array(LONG_LENGTH), Op.SUM, 0),
  [BARRIER_OF_FIRST]: () => comm.barrier(),
  [BARRIER_OF_LAST]: () => comm.barrier(),
};

const [, , name, how] = process.argv;
const comm = join();
const last = comm.size - 1;
const call = CALLS[name as keyof typeof CALLS];

for (let round = 0; round < CALLS_BEFORE; round++) {
  call();
  comm.barrier();
}
if (name === BARRIER_OF_FIRST) comm.bcast(new Int32Array(2), 0);
if (name === BARRIER_OF_LAST) comm.bcast(new Int32Array(2), last);
if (comm.rank === last) {
  pause(LATE_MS);
  if (how === 'killed') {
    console.log('the last words');
    process.kill(process.pid, 'SIGKILL');
  }
} else if (how === 'killed') {
  call();
} else {
  // Who only gives may go on until its slots are all used, but not in the call after that.
  if (name === 'reduce' && comm.rank !== 0) for (let turn = 0; turn < SLOTS; turn++) call();
  throwsCode(call, 'ERR_ZIVM_PEER_FAILED');
}
