import { Comm } from '../src/index';
import { runBenchmark } from './harness';
import { stream } from './pairs';

/** Windows of messages in many pairs at once: bytes and messages moved per second, by all pairs together. */
runBenchmark(Comm.world, {
  name: 'osu_mbw_mr',
  title: 'MPI Multiple Bandwidth / Message Rate Test',
  setting: (comm, { window }) => `# [ pairs: ${comm.size / 2} ] [ window size: ${window} ]`,
  ranks: 'even',
  sizes: [1, 4 << 20],
  iterations: { small: [100, 10], large: [20, 2] },
  columns: () => ['MB/s', 'Messages/s'],
  run(comm, trial) {
    const messagesPerUs = ((comm.size / 2) * trial.iterations * trial.options.window) / stream(comm, trial);
    return [trial.bytes * messagesPerUs, messagesPerUs * 1e6];
  },
});
