// Every collective, with different roots, lengths on both sides of the limits, and operations; results are checked.
import { Comm, Op } from 'zivm';
const comm = Comm.world;
const { rank, size } = comm;
const check = (array, value, what) => {
  const wrong = array.findIndex((element, i) => element !== value(i));
  if (wrong >= 0) throw new Error(`rank ${rank}, ${what}: element ${wrong} is ${array[wrong]}, not ${value(wrong)}`);
};
const ranks = Array.from({ length: size }, (_, r) => r);
for (const count of [1, 3, 128, 129, 3000]) {
  for (let root = 0; root < size; root++) {
    comm.barrier();
    const data = Float64Array.from({ length: count }, (_, i) => (rank === root ? root * 1000 + i : -1));
    comm.bcast(data, root);
    check(data, (i) => root * 1000 + i, `bcast of ${count} from ${root}`);
    const mine = Int32Array.from({ length: count }, (_, i) => rank * 7 + i);
    const result = new Int32Array(count);
    comm.reduce(mine, result, Op.MAX, root);
    if (rank === root) check(result, (i) => (size - 1) * 7 + i, `reduce of ${count} to ${root}`);
  }
  const mine = Float64Array.from({ length: count }, (_, i) => rank + i);
  const result = new Float64Array(count);
  comm.allreduce(mine, result, Op.SUM);
  check(result, (i) => ranks.reduce((sum, r) => sum + r + i, 0), `allreduce of ${count}`);
}
const object = comm.bcastObject(rank === 1 % size ? { from: rank, text: 'x'.repeat(30_000) } : undefined, 1 % size);
if (object.from !== 1 % size || object.text.length !== 30_000) throw new Error('bcastObject is wrong');
console.log(`rank ${rank} is done`);
