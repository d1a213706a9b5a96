import { Comm } from 'zivm';

const comm: Comm = Comm.world;
console.log(`rank ${comm.rank}: ${comm.allreduce(comm.size)}`);
