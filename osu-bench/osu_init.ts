import { Comm, Op } from '../src/index';
import { sinceStartMs } from './started';
import { title } from './table';

/** The time from the start of each rank until it has joined the job. OSU's leaves out what comes before MPI_Init. */
const comm = Comm.world;
const elapsedMs = sinceStartMs();

const [min, max, sum] = [Op.MIN, Op.MAX, Op.SUM].map((op) => comm.allreduce(elapsedMs, op)) as [number, number, number];
if (comm.rank === 0) {
  const [minMs, maxMs, averageMs] = [min, max, sum / comm.size].map(Math.round);
  console.log(`${title('MPI Init Test')}\nnprocs: ${comm.size}, min: ${minMs} ms, max: ${maxMs} ms, avg: ${averageMs} ms`);
}
