import { joinJob, soloJob } from '../job/join';
import { Engine } from './engine';
import { Members } from './members';
import { PointToPoint } from './point-to-point';

/** A communicator: ranks that can send each other messages which no other communicator sees (MPI_Comm). */
export class Comm extends PointToPoint {
  static #worldComm: Comm | null = null;
  static #selfComm: Comm | null = null;
  static get world(): Comm {
    if (Comm.#worldComm === null) {
      const engine = new Engine(joinJob() ?? soloJob());
      Comm.#worldComm = new Comm(engine, new Members(Array.from({length: engine.size}, (_, i) => i), engine.size), 0);
    }
    return Comm.#worldComm;
  }
  static get self(): Comm {
    const world = Comm.world;
    return (Comm.#selfComm ??= new Comm(world.engine, new Members([world.rank], world.size), 2));
  }
}
