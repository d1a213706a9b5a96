import type { Engine } from './engine';
import type { Members } from './members';
import type { Peer } from './peer';

/** What messages and requests of a communicator have in common; its collectives have a context of their own. */
export class Context {
  /** By rank of the communicator. */
  readonly peers: readonly Peer[];

  constructor(
    /** What moves its messages. */
    readonly engine: Engine,
    readonly members: Members,
    /** Messages of one context never match receives of another. */
    readonly id: number,
  ) {
    this.peers = members.worldRanks.map((world) => engine.peers[world]!);
  }
}
