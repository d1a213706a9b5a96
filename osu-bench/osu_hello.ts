import { Comm, Op } from '../src/index';
import { sinceStartMs } from './started';
import { title } from './table';

/** Says hello when every rank is there, and how long after its start the last one knew that. */
const comm = Comm.world;
comm.barrier();
const totalMs = comm.allreduce(sinceStartMs(), Op.MAX);
if (comm.rank === 0) {
  console.log(`${title('MPI Hello World Test')}\nThis is a test with ${comm.size} processes\nTotal time: ${Math.round(totalMs)} ms`);
}
