import { readFileSync } from 'node:fs';
import { Comm } from 'zivm';

// The main thread's number is that of the process.
const status = readFileSync(`/proc/self/task/${process.pid}/status`, 'utf8');
console.log(`rank ${Comm.world.rank} may run on ${/^Cpus_allowed_list:\s*(\S+)$/m.exec(status)[1]}`);
