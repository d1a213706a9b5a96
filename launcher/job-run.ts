import { constants } from 'node:os';
import { ENVIRONMENT } from '../src/job/join';
import { native } from '../src/native';
import { RankPhase } from '../src/ring/layout';
import type { JobOptions, ProgramEntry } from './options';
import { makeOutputFolders, Output } from './output';
import { findProgram, type Program } from './programs';
import { type Place, placeRanks } from './placement';
import { type Exit, type Rank, RankProcess } from './rank-process';
import { SharedMemoryServer } from './server';
import { channelBytes, Guests, slotOf, vectorsFor } from './vm/guests';

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
  readonly #server: SharedMemoryServer;
  readonly #output: Output;
  readonly #places: Place[];
  #guests: Guests | null = null;
  #ranks: Rank[] = [];
  /** Ranks in the order in which they ended, and how their processes exited, which is known a little later. */
  readonly #ended: number[] = [];
  readonly #exits = new Map<number, Exit>();
  #failure: Failure | null = null;
  #stopping: string | null = null;
  #exitCode = 0;
  #signals = 0;

  /** @throws UsageError, ZivmError when the job cannot be started */
  constructor(options: JobOptions) {
    this.#options = options;
    if (options.output.dir !== undefined) makeOutputFolders(options.output.dir, options.size);
    this.#output = new Output(options.output);
    const { size, hostRanks, mapBy, guests } = options;
    this.#places = placeRanks(size, guests?.count ?? 0, hostRanks, mapBy);
    const onEnded = (rank: number): void => {
      this.#ended.push(rank);
      this.#judgeInOrder();
    };
    this.#server = new SharedMemoryServer(options.regionBytes, size, this.#vectors, onEnded, this.#jobOffset);
  }

  /** @returns the exit code of zivmrun */
  async run(): Promise<number> {
    const onSignal = (signal: NodeJS.Signals): void => this.#passOn(signal);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
    process.stdout.on('error', () => this.#stop('ended: nobody reads the output any more', 128 + constants.signals.SIGPIPE));
    try {
      await this.#startRanks();
      const timer = this.#startTimer();
      await Promise.all(this.#ranks.map((rank) => rank.ended));
      clearTimeout(timer);
    } finally {
      await this.#guests?.stop();
      this.#server.close();
    }
    this.#report();
    await this.#output.flush();
    return this.#failure?.code ?? this.#exitCode;
  }

  get #vectors(): number {
    return vectorsFor(this.#places.reduce((most, { guest, place }) => (guest === undefined ? most : Math.max(most, place + 1)), 0));
  }

  /** Where the job's part of the region begins. */
  get #jobOffset(): number {
    return channelBytes(this.#options.guests?.count ?? 0);
  }

  async #startRanks(): Promise<void> {
    // Programs first: one that does not exist is found before anything runs.
    const found = this.#options.programs.flatMap((entry) => {
      const program = findProgram(entry.name, entry.wdir);
      return Array.from({ length: entry.count }, () => ({ entry, program }));
    });
    if (this.#options.guests !== undefined) this.#guests = new Guests(this.#server, this.#options.guests, this.#vectors);
    // All ranks are in the table before any of them runs, in the order of their IDs.
    const sockets = this.#places.map(({ guest, place }, rank) => {
      if (guest !== undefined) {
        this.#server.assign(rank, this.#guests!.ids[guest]!, slotOf(place));
        return -1;
      }
      const { id, socket } = this.#server.connect();
      this.#server.assign(rank, id, HOST_SLOT);
      return socket;
    });
    await this.#guests?.ready();
    if (this.#isOver) return;
    const inGuests = this.#startInGuests(found);
    this.#ranks = found.map((what, rank) => inGuests.get(rank) ?? this.#startOnHost(rank, what, sockets[rank]!));
    this.#ranks.forEach((rank) => {
      this.#output.attach(rank.rank, 'stdout', rank.stdout);
      this.#output.attach(rank.rank, 'stderr', rank.stderr);
    });
  }

  #startInGuests(found: { entry: ProgramEntry; program: Program }[]): Map<number, Rank> {
    const { size, stdin, guests, regionBytes } = this.#options;
    const part = `${this.#jobOffset}:${regionBytes - this.#jobOffset}`;
    const started = Array.from({ length: guests?.count ?? 0 }, (_, guest) => {
      const orders = found.flatMap(({ entry, program }, rank) => {
        const { guest: home, place } = this.#places[rank]!;
        if (home !== guest) return [];
        const { args, wdir, env } = entry;
        return { rank, size, slot: slotOf(place), program, args, wdir, env, stdin: rank === stdin, core: undefined, cores: native.allowedCores().length };
      });
      return this.#guests!.start(guest, orders, part, process.stdin, (rank, exit) => {
        this.#server.endRank(rank);
        this.#rankExited(rank, exit);
      });
    });
    return new Map(started.flat().map((rank) => [rank.rank, rank]));
  }

  #startOnHost(rank: number, { entry, program }: { entry: ProgramEntry; program: Program }, socket: number): Rank {
    const { size, bindToCore, stdin, guests, regionBytes } = this.#options;
    const cores = native.allowedCores();
    const core = bindToCore ? cores[rank % cores.length] : undefined;
    if (this.#options.reportBindings) {
      this.#output.say(`rank ${rank} ${core === undefined ? 'is not bound' : `is bound to core ${core}`}`);
    }
    const started = new RankProcess(
      {
        rank,
        size,
        program,
        args: entry.args,
        wdir: entry.wdir,
        env: entry.env,
        stdin: rank === stdin ? process.stdin : undefined,
        core,
        cores: cores.length,
        connection: { [ENVIRONMENT.socket]: socket },
        part: guests === undefined ? undefined : `${this.#jobOffset}:${regionBytes - this.#jobOffset}`,
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
      this.#stop(`timed out after ${timeoutMs / 1000} s; still running: rank ${running.join(', ')}`, TIMED_OUT);
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
    const phase = this.#server.phase(rank);
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
  }

  #report(): void {
    if (this.#failure !== null) {
      const { rank, how } = this.#failure;
      const lines = this.#output.lastLines(rank);
      const last = lines.length === 0 ? 'It wrote nothing.' : `The last it wrote:\n${lines.map((line) => `  | ${line}`).join('\n')}`;
      this.#output.say(`rank ${rank} (process ${this.#ranks[rank]?.pid}) ${how}: the job is ended. ${last}`);
    } else if (this.#stopping !== null) {
      this.#output.say(`the job was ${this.#stopping}`);
    }
  }
}
