import { ZivmError } from '../../src/errors';
import { errnoName, native, type Watcher } from '../../src/native';
import { HostRegion } from '../../src/region/host-region';
import { peerOf } from '../../src/region/server-client';
import { planRegion } from '../../src/ring/layout';
import { Part } from '../part';
import { Pool } from './pool';
import { AgentSession } from './session';
import { SharedRegion } from './shared-region';

/** A job on the agents of a server that runs on its own. */
export class Attached {
  readonly #path: string;
  readonly #host: HostRegion;
  readonly #region: SharedRegion;
  readonly #pool: Pool;
  readonly #part: Part;
  readonly #watcher: Watcher;
  readonly #sessions: AgentSession[] = [];
  /** The job's part of the region, `offset:length`. */
  readonly partName: string;

  /**
   * @param path the server's socket
   * @param byteLength size of the job's part
   * @param onEnded called when a rank has ended, in the order of ending
   * @throws ZivmError `ERR_ZIVM_LAUNCH`, `ERR_ZIVM_NO_SPACE`
   */
  constructor(path: string, byteLength: number, rankCount: number, onEnded: (rank: number) => void, onServerGone: () => void) {
    this.#path = path;
    this.#host = new HostRegion(this.#connect());
    this.#region = new SharedRegion(this.#host);
    this.#pool = Pool.open(this.#region.memory);
    const span = this.#pool.allocateJob(byteLength, this.#region.peer);
    const words = new Int32Array(this.#region.memory, span.offset, span.byteLength / Int32Array.BYTES_PER_ELEMENT);
    this.#part = new Part(words, planRegion(span.byteLength, rankCount), (client, slot) => this.#region.ring(client, slot), onEnded);
    this.partName = `${span.offset}:${span.byteLength}`;
    this.#watcher = this.#host.watchPeers((peer) => this.#clientLeft(peer), onServerGone);
  }

  #connect(): number {
    const socket = native.connectTo(this.#path);
    if (socket < 0) throw new ZivmError('ERR_ZIVM_LAUNCH', `cannot connect to ${this.#path}: ${errnoName(socket)}. Start a server there: zivmrun server --socket ${this.#path}`);
    return socket;
  }

  /** Makes a connection for a rank on this host. @returns its ID, and the connection, which the caller closes */
  connect(): { id: number; socket: number } {
    const socket = this.#connect();
    try {
      return { id: peerOf(socket), socket };
    } catch (error) {
      native.closeDescriptor(socket);
      throw error;
    }
  }

  #clientLeft(peer: number): void {
    this.#part.clientLeft(peer);
    for (const session of this.#sessions) session.clientLeft(peer);
  }

  get part(): Part {
    return this.#part;
  }

  /**
   * Begins sessions with agents that are free.
   * @param most as many as this
   * @throws ZivmError `ERR_ZIVM_LAUNCH` when there is none
   */
  async sessions(most: number, key: Uint8Array): Promise<AgentSession[]> {
    for (const agent of this.#pool.readyAgents()) {
      if (this.#sessions.length === most) break;
      try {
        const session = await AgentSession.open(this.#region, this.#pool, agent, key);
        if (session !== null) this.#sessions.push(session);
      } catch (error) {
        // An agent that has just died, or hangs, is not free: the next one is asked.
        if (!(error instanceof ZivmError) || error.code !== 'ERR_ZIVM_PEER_FAILED') throw error;
      }
    }
    if (this.#sessions.length === 0) throw new ZivmError('ERR_ZIVM_LAUNCH', 'no agent is free: start zivm-agent in the virtual machines, or wait for other jobs');
    return this.#sessions;
  }

  /** Ends the sessions and gives the job's part back. */
  close(): void {
    for (const session of this.#sessions) session.end();
    this.#region.close();
    this.#watcher.close();
  }
}
