import { Comm, Op } from '../src/index';
import { FLOAT, ones, validateSum, zeroFloats } from './buffers';
import { runCollective } from './collective';

/** The time of one sum that every rank gets. */
runCollective(Comm.world, {
  name: 'osu_allreduce',
  title: 'MPI Allreduce Latency Test',
  sizes: [FLOAT.bytes, 1 << 20],
  datatype: FLOAT,
  prepare(comm, bytes) {
    const send = ones(bytes);
    const recv = zeroFloats(bytes);
    return { call: () => comm.allreduce(send, recv, Op.SUM), check: () => validateSum(recv, comm.size, 'allreduce') };
  },
});
