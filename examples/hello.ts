/* Four processes sum an array: npx zivmrun -n 4 examples/hello.ts */
import { Comm } from 'zivm';

const comm = Comm.world;
const mine = new Float64Array([comm.rank + 1, 10 * (comm.rank + 1)]);
const sum = new Float64Array(mine.length);
comm.allreduce(mine, sum);
console.log(`rank ${comm.rank} of ${comm.size}: my part is ${mine.join(' and ')}, the sum of all is ${sum.join(' and ')}`);
