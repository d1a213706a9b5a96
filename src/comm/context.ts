import type { Engine } from './engine';
import type { Members } from './members';

/** What messages and requests of a communicator have in common; its collectives have a context of their own. */
export class Context {
  constructor(
    /** What moves its messages. */
    readonly engine: Engine,
    readonly members: Members,
    /** Messages of one context never match receives of another. */
    readonly id: number,
  ) {}
}
