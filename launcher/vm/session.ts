import type { Readable } from 'node:stream';
import type { Comm } from '../../src/communicator';
import { ZivmError } from '../../src/errors';
import type { Region } from '../../src/region/region';
import type { Exit, Rank } from '../rank-process';
import { BYE, ChannelStream, CONTROL_TAG, forward, HELLO, openChannel, type Order, type RankOrder, type Report } from './channel';
import { AGENT, LAUNCHER, type Pool, type ReadyAgent } from './pool';
import { seal } from './seal';

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
  #challenge: Uint8Array | null = null;
  #orders = 0;
  #isGone = false;

  private constructor(region: Region, pool: Pool, agent: ReadyAgent, key: Uint8Array) {
    this.peer = agent.peer;
    this.slots = agent.slots;
    this.#key = key;
    const { comm, close } = openChannel(region, pool.channelWords(agent.channel), LAUNCHER);
    this.#comm = comm;
    this.#close = close;
  }

  /** Begins a session. @returns null when another launcher was quicker @throws ZivmError `ERR_ZIVM_PEER_FAILED` when the agent goes away */
  static async open(region: Region, pool: Pool, agent: ReadyAgent, key: Uint8Array): Promise<AgentSession | null> {
    if (!pool.engage(agent.channel, region.peer)) return null;
    const session = new AgentSession(region, pool, agent, key);
    session.#comm.isendObject(HELLO, AGENT, CONTROL_TAG);
    const first = await session.#comm.irecvObject<Report>(AGENT, CONTROL_TAG);
    if (first.kind !== 'challenge') throw new ZivmError('ERR_ZIVM_LAUNCH', `the agent of guest ${agent.peer} did not send a challenge: is it of this version of zivm?`);
    session.#challenge = first.challenge;
    session.warning = first.warning;
    void session.#listen();
    return session;
  }

  async #listen(): Promise<void> {
    try {
      for (;;) {
        const report = await this.#comm.irecvObject<Report>(AGENT, CONTROL_TAG);
        if (report.kind === 'refused') this.#lose(`was not started: ${report.why}`);
        else if (report.kind !== 'challenge') this.#ranks.get(report.rank)?.report(report);
      }
    } catch {
      this.#lose(`ended with its virtual machine (peer ${this.peer})`);
    }
  }

  #lose(how: string): void {
    this.#isGone = true;
    for (const rank of this.#ranks.values()) rank.lost(how);
  }

  #order(order: Order): void {
    if (this.#isGone) return;
    this.#comm.isendObject(seal(this.#key, this.#challenge!, this.#orders++, order), AGENT, CONTROL_TAG);
  }

  /** Starts ranks. @param part the job's part of the region @param onExit called when the process of a rank has ended */
  start(orders: RankOrder[], part: string, stdin: Readable, onExit: (rank: number, exit: Exit) => void): Rank[] {
    const ranks = orders.map(({ rank }) => {
      const remote = new GuestRank(this.#comm, rank, (order) => this.#order(order), (exit) => onExit(rank, exit));
      this.#ranks.set(rank, remote);
      return remote;
    });
    this.#order({ kind: 'start', ranks: orders, part });
    for (const order of orders) if (order.stdin) forward(this.#comm, AGENT, order.rank, 'stdin', stdin);
    return ranks;
  }

  /** Ends the session: the agent ends what still runs, and is ready for the next one. */
  async end(): Promise<void> {
    try {
      await this.#comm.isendObject(BYE, AGENT, CONTROL_TAG);
    } catch {
      // It has gone already.
    }
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
    this.#exit = exit;
    this.#exited(exit);
    this.#onExit(exit);
  }

  signal(signal: NodeJS.Signals): void {
    this.#order({ kind: 'signal', rank: this.rank, signal });
  }
}
