import { constants } from 'node:os';
import { native } from '../src/native';
import { RankPhase } from '../src/ring/layout';
import type { JobOptions } from './options';
import { makeOutputFolders, Output } from './output';
import { findProgram } from './programs';
import { type Exit, RankProcess } from './rank-process';
import { SharedMemoryServer } from './server';

/** Ranks are asked to end, and after this are made to. */
const GRACE_MS = 400;
/** How long the exit of a rank is waited for that ended before another one failed. */
const EXIT_ORDER_MS = 250;
const TIMED_OUT = 124;
const SLOT = 0;
const VECTORS = 1;

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
  #ranks: RankProcess[] = [];
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
    this.#server = new SharedMemoryServer(options.regionBytes, options.size, VECTORS, (rank) => {
      this.#ended.push(rank);
      this.#judgeInOrder();
    });
  }

  /** @returns the exit code of zivmrun */
  async run(): Promise<number> {
    const onSignal = (signal: NodeJS.Signals): void => this.#passOn(signal);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
    process.stdout.on('error', () => this.#stop('ended: nobody reads the output any more', 128 + constants.signals.SIGPIPE));
    this.#startRanks();
    const timer = this.#startTimer();
    await Promise.all(this.#ranks.map((rank) => rank.ended));
    clearTimeout(timer);
    this.#server.close();
    this.#report();
    await this.#output.flush();
    return this.#failure?.code ?? this.#exitCode;
  }

  #startRanks(): void {
    const { size, programs, bindToCore, stdin } = this.#options;
    const cores = native.allowedCores();
    // Programs first: one that does not exist is found before anything runs.
    const found = programs.flatMap((entry) => {
      const program = findProgram(entry.name, entry.wdir);
      return Array.from({ length: entry.count }, () => ({ entry, program }));
    });
    // All ranks are clients of the server before any process runs, in the order of their ranks: so ranks follow the
    // order of IDs, and the table is complete when the first rank looks at it.
    const clients = found.map(() => this.#server.connect());
    clients.forEach(({ id }, rank) => this.#server.assign(rank, id, SLOT));
    this.#ranks = found.map(({ entry, program }, rank) => {
      const core = bindToCore ? cores[rank % cores.length] : undefined;
      if (this.#options.reportBindings) {
        this.#output.say(`rank ${rank} ${core === undefined ? 'is not bound' : `is bound to core ${core}`}`);
      }
      const process_ = new RankProcess(
        {
          rank,
          size,
          program,
          args: entry.args,
          wdir: entry.wdir,
          env: entry.env,
          stdin: rank === stdin,
          core,
          cores: cores.length,
          socket: clients[rank]!.socket,
        },
        (exit) => this.#rankExited(rank, exit),
      );
      this.#output.attach(rank, 'stdout', process_.stdout);
      this.#output.attach(rank, 'stderr', process_.stderr);
      return process_;
    });
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

  #judge(rank: number, { code, signal }: Exit): Failure | null {
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
      this.#output.say(`rank ${rank} (process ${this.#ranks[rank]!.pid}) ${how}: the job is ended. ${last}`);
    } else if (this.#stopping !== null) {
      this.#output.say(`the job was ${this.#stopping}`);
    }
  }
}
