import { Collectives } from './collectives/collectives';
import { joinJob, soloJob } from './job/join';
import { Context } from './comm/context';
import { Engine } from './comm/engine';
import { Members } from './comm/members';

const WORLD_CONTEXT = 0;
const SELF_CONTEXT = 2;

/**
 * A communicator: ranks that can send each other messages which no other communicator sees (MPI_Comm).
 *
 * @example
 * const comm = Comm.world;
 * const total = comm.allreduce(comm.rank);
 */
export class Comm extends Collectives {
  static #world: Comm | null = null;
  static #self: Comm | null = null;

  /**
   * All ranks of the job (MPI_COMM_WORLD). The first use joins the job; a program started without zivmrun is one rank.
   * @throws ZivmError `ERR_ZIVM_LAUNCH` or `ERR_ZIVM_VERSION` when what the launcher left does not fit together;
   * `ERR_ZIVM_COMM` in a worker thread of a rank
   */
  static get world(): Comm {
    return (Comm.#world ??= joinWorld());
  }

  /** This rank alone (MPI_COMM_SELF). */
  static get self(): Comm {
    const { engine } = Comm.world;
    return (Comm.#self ??= new Comm(new Context(engine, new Members([engine.rank], engine.size), SELF_CONTEXT)));
  }

  /**
   * Ends the whole job (MPI_Abort). Nothing that is on its way is delivered.
   * @param code exit code of this process and of zivmrun
   */
  abort(code = 1): never {
    this.engine.markAborted();
    process.exit(code);
  }
}

function joinWorld(): Comm {
  const engine = new Engine(joinJob() ?? soloJob());
  process.once('exit', (code) => {
    if (code === 0) engine.finalize();
  });
  const members = new Members(Array.from({ length: engine.size }, (_, rank) => rank), engine.size);
  return new Comm(new Context(engine, members, WORLD_CONTEXT));
}
