import { Comm } from '../src/index';
import { filled, validate, zeros } from './buffers';
import { runCollective } from './collective';

/** The time of one broadcast from rank 0. */
runCollective(Comm.world, {
  name: 'osu_bcast',
  title: 'MPI Broadcast Latency Test',
  sizes: [1, 1 << 20],
  prepare(comm, bytes) {
    const buf = comm.rank === 0 ? filled(bytes) : zeros(bytes);
    return { call: () => comm.bcast(buf, 0), check: () => validate(buf, 'bcast') };
  },
});
