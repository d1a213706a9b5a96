// Every rank waits for a message that never comes.
import { Comm } from 'zivm';
const comm = Comm.world;
comm.barrier();
console.log(`rank ${comm.rank} is ready`);
comm.recv(new Uint8Array(1));
