import type { Readable } from 'node:stream';
import type { Comm } from '../../src/communicator';
import { ZivmError } from '../../src/errors';
import type { Region } from '../../src/region/region';
import type { Exit, Rank } from '../rank-process';
import { BYE, ChannelStream, CONTROL_TAG, forward, HELLO, openChannel, type Order, type RankOrder, type Report } from './channel';
import { AGENT, LAUNCHER, type Pool, type ReadyAgent } from './pool';
import { CHALLENGE_BYTES, seal } from './seal';

/** An agent that says nothing for so long does not live any more, although its machine does. */
const ANSWER_MS = 10_000;
/** A rank that was killed is given up when its machine does not say so within this. */
const KILL_MS = 5_000;

/** The launcher's side of the time with one agent. */
export class AgentSession {
  readonly peer: number;
  readonly slots: number;
  /** What the agent has to say of its machine, if anything. */
  warning: string | undefined;
  readonly #key: Uint8Array;
  readonly #comm: Comm;
  readonly #close: () => void;
  readonly #ranks = new Map<number, GuestRank>();
  #challenge = new Uint8Array(0);
  #orders = 0;
  /** Why nothing more comes from the agent, once that is so. */
  #lost: string | null = null;

  private constructor(region: Region, pool: Pool, agent: ReadyAgent, key: Uint8Array) {
    this.peer = agent.peer;
    this.slots = agent.slots;
    this.#key = key;
    const { comm, close } = openChannel(region, pool.channelWords(agent.channel), LAUNCHER);
    this.#comm = comm;
    this.#close = close;
  }

  /**
   * Begins a session.
   * @returns null when another launcher was quicker
   * @throws ZivmError `ERR_ZIVM_PEER_FAILED` when the agent goes away or does not answer, `ERR_ZIVM_LAUNCH` when it is none
   */
  static async open(region: Region, pool: Pool, agent: ReadyAgent, key: Uint8Array): Promise<AgentSession | null> {
    if (!pool.engage(agent.channel, region.peer)) return null;
    const session = new AgentSession(region, pool, agent, key);
    session.#comm.isendObject(HELLO, AGENT, CONTROL_TAG);
    const first = await session.#firstReport();
    const isChallenge = first?.kind === 'challenge' && first.challenge instanceof Uint8Array && first.challenge.length === CHALLENGE_BYTES;
    if (!isChallenge) {
      session.#close();
      throw new ZivmError('ERR_ZIVM_LAUNCH', `the agent with peer ${agent.peer} did not send a challenge: is it of this version of zivm?`);
    }
    session.#challenge = Uint8Array.from(first.challenge);
    session.warning = first.warning;
    void session.#listen();
    return session;
  }

  async #firstReport(): Promise<Report | null> {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new ZivmError('ERR_ZIVM_PEER_FAILED', `the agent with peer ${this.peer} does not answer`)), ANSWER_MS);
    });
    try {
      return await Promise.race([this.#comm.irecvObject<Report | null>(AGENT, CONTROL_TAG), silence]);
    } catch (error) {
      this.#close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #listen(): Promise<void> {
    try {
      for (;;) {
        const report = await this.#comm.irecvObject<Report>(AGENT, CONTROL_TAG);
        if (report.kind === 'refused') this.#lose(`was not started: ${report.why}`);
        else if (report.kind !== 'challenge') this.#ranks.get(report.rank)?.report(report);
      }
    } catch {
      this.#lose(this.#goneWords);
    }
  }

  get #goneWords(): string {
    return `ended with its agent or virtual machine (peer ${this.peer})`;
  }

  /** A client of the server has left. */
  clientLeft(peer: number): void {
    if (peer === this.peer) this.#lose(this.#goneWords);
  }

  #lose(how: string): void {
    this.#lost ??= how;
    for (const rank of this.#ranks.values()) rank.lost(how);
  }

  #order(order: Order): void {
    if (this.#lost !== null) return;
    this.#comm.isendObject(seal(this.#key, { agent: this.peer, challenge: this.#challenge }, this.#orders++, order), AGENT, CONTROL_TAG);
  }

  /** Starts ranks. @param part the job's part of the region @param onExit called when the process of a rank has ended */
  start(orders: RankOrder[], part: string, stdin: Readable, onExit: (rank: number, exit: Exit) => void): Rank[] {
    const ranks = orders.map(({ rank }) => {
      const remote = new GuestRank(this.#comm, rank, (order) => this.#order(order), (exit) => onExit(rank, exit));
      this.#ranks.set(rank, remote);
      return remote;
    });
    // After the caller knows of the ranks.
    if (this.#lost !== null) queueMicrotask(() => this.#lose(this.#lost!));
    this.#order({ kind: 'start', ranks: orders, part });
    for (const order of orders) if (order.stdin) forward(this.#comm, AGENT, order.rank, 'stdin', stdin);
    return ranks;
  }

  /** Ends the session: the agent ends what still runs, and is ready for the next one. */
  end(): void {
    // It leaves at once, or there is no room in the ring because the agent does not read: then it learns of the end when
    // this client of the server leaves.
    if (this.#lost === null) this.#comm.isendObject(BYE, AGENT, CONTROL_TAG);
    this.#close();
  }
}

/** A rank in a virtual machine. */
class GuestRank implements Rank {
  readonly rank: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly ended: Promise<Exit>;
  pid: number | undefined;
  readonly #order: (order: Order) => void;
  readonly #onExit: (exit: Exit) => void;
  #exited: (exit: Exit) => void = () => undefined;
  #exit: Exit | null = null;
  #giveUp: NodeJS.Timeout | undefined;

  constructor(comm: Comm, rank: number, order: (order: Order) => void, onExit: (exit: Exit) => void) {
    this.rank = rank;
    this.#order = order;
    this.#onExit = onExit;
    this.stdout = new ChannelStream(comm, AGENT, rank, 'stdout');
    this.stderr = new ChannelStream(comm, AGENT, rank, 'stderr');
    const closed = [this.stdout, this.stderr].map((stream) => new Promise((resolve) => stream.once('close', resolve)));
    const exited = new Promise<Exit>((resolve) => (this.#exited = resolve));
    this.ended = exited.then(async (exit) => {
      await Promise.all(closed);
      return exit;
    });
  }

  get running(): boolean {
    return this.#exit === null;
  }

  report(report: Report): void {
    if (report.kind === 'started') this.pid = report.pid;
    else if (report.kind === 'exited') this.#end({ code: report.code, signal: report.signal });
    else if (report.kind === 'failed') this.lost(`could not be started: ${report.why}`);
  }

  /** Nothing more will come from it. */
  lost(how: string): void {
    this.stdout.destroy();
    this.stderr.destroy();
    if (this.running) this.#end({ code: 1, signal: null, how });
  }

  #end(exit: Exit): void {
    clearTimeout(this.#giveUp);
    this.#exit = exit;
    this.#exited(exit);
    this.#onExit(exit);
  }

  signal(signal: NodeJS.Signals): void {
    this.#order({ kind: 'signal', rank: this.rank, signal });
    if (signal === 'SIGKILL') this.#giveUp ??= setTimeout(() => this.lost('did not end when it was killed: its virtual machine does not answer'), KILL_MS);
  }
}
