import { Comm, Op } from '../src/index';
import { FLOAT, ones, validateSum, zeroFloats } from './buffers';
import { runCollective } from './collective';

/** The time of one sum that rank 0 gets. */
runCollective(Comm.world, {
  name: 'osu_reduce',
  title: 'MPI Reduce Latency Test',
  sizes: [FLOAT.bytes, 1 << 20],
  datatype: FLOAT,
  prepare(comm, bytes) {
    const send = ones(bytes);
    const recv = comm.rank === 0 ? zeroFloats(bytes) : null;
    return {
      call: () => comm.reduce(send, recv, Op.SUM, 0),
      check: () => recv && validateSum(recv, comm.size, 'reduce'),
    };
  },
});
