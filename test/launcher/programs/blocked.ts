import { Comm } from 'zivm';

/* Has no handler for signals, and is blocked: rank 0 waits for a message, the others are busy. */

const comm = Comm.world;
comm.barrier();
console.log(`rank ${comm.rank} is ready`);
if (comm.rank === 0) comm.recv(new Uint8Array(1), 1);
else for (;;);
