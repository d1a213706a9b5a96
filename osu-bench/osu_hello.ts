import { Comm, Op } from '../src/index';
import { title } from './table';

/** Says hello when every rank is there, and how long after the start of its process the last one knew that. */
const comm = Comm.world;
comm.barrier();
const totalMs = comm.allreduce(performance.now(), Op.MAX);
if (comm.rank === 0) {
  console.log(`${title('MPI Hello World Test')}\nThis is a test with ${comm.size} processes\nTotal time: ${Math.round(totalMs)} ms`);
}
