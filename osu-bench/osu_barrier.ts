import { Comm } from '../src/index';
import { runCollective } from './collective';

/** The time of one barrier. */
runCollective(Comm.world, {
  name: 'osu_barrier',
  title: 'MPI Barrier Latency Test',
  prepare: (comm) => ({ call: () => comm.barrier() }),
});
