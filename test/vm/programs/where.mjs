// Says who it is, and in which machine: each kernel has a boot number of its own.
import { readFileSync } from 'node:fs';
import { Comm } from 'zivm';
const comm = Comm.world;
const sum = comm.allreduce(comm.rank + 1);
console.log(`rank ${comm.rank} of ${comm.size}, sum ${sum}, machine ${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`);
