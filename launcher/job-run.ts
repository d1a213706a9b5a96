import { constants } from 'node:os';
import { ENVIRONMENT, NETWORK_VARIABLE } from '../src/job/environment';
import { native } from '../src/native';
import { planRegion, RankPhase } from '../src/ring/layout';
import type { JobOptions, ProgramEntry } from './options';
import { makeOutputFolders, Output } from './output';
import { findProgram } from './programs';
import { type Place, placeRanks } from './placement';
import { type Exit, type Rank, RankProcess } from './rank-process';
import { memoryFile } from './region-file';
import { SharedMemoryServer } from './server';
import { UsageError } from './usage-error';
import type { Part } from './part';
import { Attached } from './vm/attached';
import { Guests } from './vm/guests';
import { pmemFile } from './vm/pmem';
import { Pool, slotOf, vectorsFor } from './vm/pool';
import { readKey } from './vm/seal';
import type { AgentSession } from './vm/session';

/** Ranks are asked to end, and after this are made to. */
const GRACE_MS = 400;
/** How long the exit of a rank is waited for that ended before another one failed. */
const EXIT_ORDER_MS = 250;
const TIMED_OUT = 124;
/** The doorbell of a rank on the host, which is a client of its own. */
const HOST_SLOT = 0;

interface Failure {
  rank: number;
  how: string;
  code: number;
}

/** One job: starts the server and the ranks, and sees it to its end. */
export class JobRun {
  readonly #options: JobOptions;
  /** The program of each rank. */
  readonly #entries: ProgramEntry[];
  readonly #output: Output;
  /** The server of this job, unless it is attached to another. */
  readonly #server: SharedMemoryServer | null = null;
  readonly #attached: Attached | null = null;
  /** The job's part of the region, and its name for ranks if it is not all of it. */
  readonly #part: Part;
  readonly #partName: string | undefined;
  #guests: Guests | null = null;
  #ranks: Rank[] = [];
  /** Ranks in the order in which they ended, and how their processes exited, which is known a little later. */
  readonly #ended: number[] = [];
  readonly #exits = new Map<number, Exit>();
  #failure: Failure | null = null;
  #stopping: string | null = null;
  #exitCode = 0;
  #signals = 0;
  /** Resolves when the job is to end although its ranks may not have been started. */
  #stopStarting: () => void = () => undefined;
  readonly #stopped = new Promise<void>((resolve) => (this.#stopStarting = resolve));

  /** @throws UsageError, ZivmError when the job cannot be started */
  constructor(options: JobOptions) {
    const { programs, size, hostRanks, guests, regionBytes, attach, output } = options;
    this.#options = options;
    this.#entries = programs.flatMap((entry) => Array.from({ length: entry.count }, () => entry));
    // Programs first: one that does not exist is found before anything runs. Attached machines have files of their own.
    const here = attach === undefined ? programs : this.#entries.slice(size - hostRanks);
    for (const { name, wdir } of here) findProgram(name, wdir);
    if (output.dir !== undefined) makeOutputFolders(output.dir, size);
    this.#output = new Output(output);
    // Before there is a machine: a signal that comes while they are made ends them like any later one.
    const onSignal = (signal: NodeJS.Signals): void => this.#passOn(signal);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
    const onEnded = (rank: number): void => {
      this.#ended.push(rank);
      this.#judgeInOrder();
    };
    if (attach !== undefined) {
      this.#attached = new Attached(attach.socket, regionBytes, size, onEnded, () => this.#stop('ended: the server has gone', 1));
      this.#part = this.#attached.part;
      this.#partName = this.#attached.partName;
    } else {
      const offset = guests === undefined ? 0 : Pool.jobsOffset(guests.count, regionBytes);
      const vectors = guests === undefined ? 1 : vectorsFor(Math.ceil((size - hostRanks) / guests.count));
      const plan = planRegion(regionBytes - offset, size, guests?.accel === 'tcg');
      const file = guests?.memory === 'pmem' ? pmemFile(regionBytes) : memoryFile(regionBytes);
      this.#server = new SharedMemoryServer(file, plan, vectors, onEnded, offset);
      if (guests !== undefined) this.#guests = new Guests(this.#server, guests, vectors);
      this.#part = this.#server.job;
      this.#partName = guests === undefined ? undefined : `${offset}:${regionBytes - offset}`;
    }
  }

  /** @returns the exit code of zivmrun */
  async run(): Promise<number> {
    process.stdout.on('error', () => this.#stop('ended: nobody reads the output any more', 128 + constants.signals.SIGPIPE));
    const timer = this.#startTimer();
    try {
      const starting = this.#startRanks();
      starting.catch(() => undefined); // after a stop nobody waits for it
      await Promise.race([starting, this.#stopped]);
      await Promise.all(this.#ranks.map((rank) => rank.ended));
    } finally {
      clearTimeout(timer);
      this.#attached?.close();
      await this.#guests?.stop();
      this.#server?.close();
    }
    this.#report();
    await this.#output.flush();
    return this.#failure?.code ?? this.#exitCode;
  }

  async #startRanks(): Promise<void> {
    const { size, hostRanks, mapBy } = this.#options;
    const sessions = await this.#sessions();
    for (const { peer, warning } of sessions) if (warning !== undefined) this.#output.say(`in the virtual machine with peer ${peer}, ${warning}`);
    const places = placeRanks(size, sessions.length, hostRanks, mapBy);
    const sockets = this.#enter(places, sessions);
    if (this.#isOver) return;
    const inGuests = this.#startInGuests(places, sessions);
    this.#ranks = this.#entries.map((entry, rank) => inGuests.get(rank) ?? this.#startOnHost(rank, entry, sockets[rank]!));
    for (const { rank, stdout, stderr } of this.#ranks) {
      this.#output.attach(rank, 'stdout', stdout);
      this.#output.attach(rank, 'stderr', stderr);
    }
  }

  /** Sessions with the agents of the virtual machines, in the order of their IDs. */
  async #sessions(): Promise<AgentSession[]> {
    const { attach, size, hostRanks } = this.#options;
    if (this.#guests !== null) return this.#guests.sessions();
    if (attach === undefined) return [];
    return this.#attached!.sessions(Math.min(size - hostRanks, attach.machines ?? size), readKey(attach.key));
  }

  /**
   * Enters all ranks into the table before any of them runs.
   * @returns the connections of those on the host
   */
  #enter(places: Place[], sessions: AgentSession[]): (number | undefined)[] {
    return places.map(({ guest, place }, rank) => {
      if (guest !== undefined) {
        const { peer, slots } = sessions[guest]!;
        if (place >= slots) throw new UsageError(`a virtual machine has room for ${slots} ranks: start fewer ranks, or more machines with agents`);
        this.#part.assign(rank, peer, slotOf(place));
        return undefined;
      }
      const { id, socket } = (this.#attached ?? this.#server!).connect();
      this.#part.assign(rank, id, HOST_SLOT);
      return socket;
    });
  }

  #startInGuests(places: Place[], sessions: AgentSession[]): Map<number, Rank> {
    const { size, stdin } = this.#options;
    const network = this.#guests?.networkKind;
    const added = network === undefined ? {} : { [NETWORK_VARIABLE]: network };
    const started = sessions.map((session, guest) => {
      const orders = this.#entries.flatMap(({ name, args, wdir, env }, rank) => {
        const { guest: home, place } = places[rank]!;
        if (home !== guest) return [];
        return { rank, size, slot: slotOf(place), program: name, args, wdir, env: { ...env, ...added }, stdin: rank === stdin, core: undefined, cores: native.allowedCores().length };
      });
      return session.start(orders, this.#partName!, process.stdin, (rank, exit) => {
        this.#part.end(rank);
        this.#rankExited(rank, exit);
      });
    });
    return new Map(started.flat().map((rank) => [rank.rank, rank]));
  }

  #startOnHost(rank: number, entry: ProgramEntry, socket: number): Rank {
    const { size, bindToCore, stdin } = this.#options;
    const cores = native.allowedCores();
    const core = bindToCore ? cores[rank % cores.length] : undefined;
    if (this.#options.reportBindings) {
      this.#output.say(`rank ${rank} ${core === undefined ? 'is not bound' : `is bound to core ${core}`}`);
    }
    const started = new RankProcess(
      {
        rank,
        size,
        program: findProgram(entry.name, entry.wdir),
        args: entry.args,
        wdir: entry.wdir,
        env: entry.env,
        stdin: rank === stdin ? process.stdin : undefined,
        core,
        cores: cores.length,
        connection: { [ENVIRONMENT.socket]: socket },
        part: this.#partName,
      },
      (exit) => this.#rankExited(rank, exit),
    );
    native.closeDescriptor(socket);
    return started;
  }

  #startTimer(): NodeJS.Timeout | undefined {
    const { timeoutMs } = this.#options;
    if (timeoutMs === undefined) return undefined;
    return setTimeout(() => {
      const running = this.#ranks.filter((rank) => rank.running).map((rank) => rank.rank);
      const still = this.#ranks.length === 0 ? 'starting' : `running: rank ${running.join(', ')}`;
      this.#stop(`timed out after ${timeoutMs / 1000} s; still ${still}`, TIMED_OUT);
    }, timeoutMs);
  }

  #rankExited(rank: number, exit: Exit): void {
    this.#exits.set(rank, exit);
    this.#judgeInOrder();
    // A rank may have closed its connection and go on: then it is not the one to wait for.
    if (!this.#isOver && this.#judge(rank, exit)) setTimeout(() => this.#judgeAll([rank]), EXIT_ORDER_MS).unref();
  }

  /** Who waits for a rank that fails, fails too, and its process may exit first: what counts is who ended first. */
  #judgeInOrder(): void {
    const firstUnknown = this.#ended.findIndex((rank) => !this.#exits.has(rank));
    this.#judgeAll(firstUnknown < 0 ? this.#ended : this.#ended.slice(0, firstUnknown));
  }

  #judgeAll(ranks: number[]): void {
    if (this.#isOver) return;
    for (const rank of ranks) this.#failure ??= this.#judge(rank, this.#exits.get(rank)!);
    if (this.#failure !== null) this.#end();
  }

  get #isOver(): boolean {
    return this.#failure !== null || this.#stopping !== null;
  }

  #judge(rank: number, { code, signal, how }: Exit): Failure | null {
    if (how !== undefined) return { rank, how, code: code || 1 };
    const phase = this.#part.phase(rank);
    if (phase === RankPhase.Aborted) return { rank, how: `called abort(${code})`, code: code || 1 };
    if (signal !== null) return { rank, how: `was killed by ${signal}`, code: 128 + constants.signals[signal] };
    if (code !== 0) return { rank, how: `exited with code ${code}`, code: code! };
    if (phase === RankPhase.Joined) {
      return { rank, how: 'exited with code 0, but without leaving the job (process.reallyExit?)', code: 1 };
    }
    return null;
  }

  /** The job is over for a reason of the launcher's own. */
  #stop(why: string, exitCode: number): void {
    if (this.#isOver) return;
    this.#stopping = why;
    this.#exitCode = exitCode;
    this.#end();
    this.#stopStarting();
  }

  #end(): void {
    for (const rank of this.#ranks) if (rank.running) rank.signal('SIGTERM');
    setTimeout(() => this.#kill(), GRACE_MS).unref();
  }

  #kill(): void {
    for (const rank of this.#ranks) if (rank.running) rank.signal('SIGKILL');
  }

  /** The first signal goes to the ranks, which may handle it; after a second one they are killed. */
  #passOn(signal: NodeJS.Signals): void {
    if (++this.#signals > 1) return this.#kill();
    this.#stopping ??= `ended by ${signal}`;
    this.#exitCode = 128 + constants.signals[signal];
    for (const rank of this.#ranks) if (rank.running) rank.signal(signal);
    this.#stopStarting();
  }

  #processOf(rank: number): string {
    const pid = this.#ranks[rank]?.pid;
    return pid === undefined ? '' : ` (process ${pid})`;
  }

  #report(): void {
    if (this.#failure !== null) {
      const { rank, how } = this.#failure;
      const lines = this.#output.lastLines(rank);
      const last = lines.length === 0 ? 'It wrote nothing.' : `The last it wrote:\n${lines.map((line) => `  | ${line}`).join('\n')}`;
      this.#output.say(`rank ${rank}${this.#processOf(rank)} ${how}: the job is ended. ${last}`);
    } else if (this.#stopping !== null) {
      this.#output.say(`the job was ${this.#stopping}`);
    }
  }
}
