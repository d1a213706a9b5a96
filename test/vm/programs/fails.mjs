// Rank 1 fails while the others wait for it.
import { Comm } from 'zivm';
const comm = Comm.world;
if (comm.rank === 1) throw new Error('this rank has failed on purpose');
comm.recv(new Uint8Array(1), 1);
