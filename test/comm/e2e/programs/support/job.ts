import { Comm } from 'zivm';
import { native } from '../../../../../dist/src/native';
import { RANK_KERNEL, rankWord } from '../../../../../dist/src/ring/layout';

/** Arguments that a program understands, beside its own. */
const THROUGH_REGION = 'region';
const ROOMY = 'roomy';
const CROWDED = 'crowded';

/** More cores than any test has ranks. */
const MANY_CORES = '64';
const ONE_CORE = '1';

/**
 * Joins the job as the program's arguments say: `region` lets long messages go through the region, as between virtual
 * machines, and not straight from the sender's memory, their beginnings unasked; `roomy` makes the ranks believe that each has a core, so that
 * they spin and use the algorithms for that case; `crowded`, that they share one.
 */
export function join(): Comm {
  if (process.argv.includes(ROOMY)) process.env['ZIVM_CORES'] = MANY_CORES;
  if (process.argv.includes(CROWDED)) process.env['ZIVM_CORES'] = ONE_CORE;
  if (!process.argv.includes(THROUGH_REGION)) return Comm.world;
  const mapMemory = native.mapMemory.bind(native);
  let region: ArrayBuffer | undefined;
  native.mapMemory = (descriptor, byteLength) => {
    const memory = mapMemory(descriptor, byteLength);
    if (memory instanceof ArrayBuffer) region = memory;
    return memory;
  };
  const comm = Comm.world;
  native.mapMemory = mapMemory;
  // Ranks copy from each other's memory only where these words are equal.
  if (region === undefined) throw new Error('the region was not mapped by the first use of Comm.world');
  new Int32Array(region)[rankWord(comm.rank) + RANK_KERNEL] = comm.rank + 1;
  comm.barrier();
  native.readProcess = native.readMany = () => {
    throw new Error('a message was copied straight from the sender although the kernels differ');
  };
  askForPieces(comm);
  return comm;
}

/** Once a rank has asked for the pieces of a long message, the beginnings of others of its order of magnitude come unasked. */
function askForPieces(comm: Comm): void {
  for (let length = 2 ** 16 - 1; length < 2 ** 23; length = 2 * length + 1) {
    for (let other = 0; other < comm.size; other++) {
      if (other === comm.rank) continue;
      comm.sendrecv(new Uint8Array(length), other, 0, new Uint8Array(length), other, 0);
    }
    comm.barrier();
  }
}

/** Runs an async program: its failure ends the job. */
export function run(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
