import { Comm } from 'zivm';

// While rank 0 is in the middle of a line, rank 1 writes a whole one.
const comm = Comm.world;
if (comm.rank === 0) process.stdout.write('the first half');
comm.barrier();
if (comm.rank === 1) console.log('a whole line');
comm.barrier();
if (comm.rank === 0) console.log(', the second half');
