import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { BOOTSTRAP_ENVIRONMENT, ENVIRONMENT, PART_VARIABLE } from '../src/job/environment';
import type { Program } from './programs';

/** The first descriptor of a rank after its standard ones. */
const FIRST_DESCRIPTOR = 3;
const BOOTSTRAP = join(__dirname, 'bootstrap.js');
/** A process that has left the group may hold the pipes open for ever: they are closed when so long nothing came. */
const SILENCE_AFTER_EXIT_MS = 300;

export interface RankOptions {
  rank: number;
  size: number;
  program: Program;
  args: string[];
  wdir: string;
  /** Variables set beside those of the launcher. */
  env: Record<string, string>;
  /** What it reads as its standard input, if anything. */
  stdin: NodeJS.ReadableStream | undefined;
  /** The core that it is bound to, if it is bound. */
  core: number | undefined;
  /** How many cores all ranks share. */
  cores: number;
  /** The rank's way into the region: variables that name descriptors, and the descriptors. */
  connection: Record<string, number>;
  /** The job's part of the region, if it is not all of it. */
  part: string | undefined;
}

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Words for it, when it was neither. */
  how?: string;
}

/**
 * Threads of V8 that help to collect garbage take the core from a rank for milliseconds when no core is free: then a
 * rank collects its garbage alone.
 */
const ONE_THREAD = ['--single-threaded-gc'];

function hasCoreToSpare({ core, size, cores }: RankOptions): boolean {
  return core === undefined && size < cores;
}

/** What V8 is told so that short messages are quick. */
const QUICK = [
  // A message is dozens of small functions of zivm, which V8 puts into the loop that calls them until it has put in so
  // many bytes of bytecode. With its usual 920 it stops half-way, in each process at another place, and a message takes
  // half as long again.
  '--max-inlined-bytecode-size-cumulative=4000',
  // Megabytes of new objects, such as requests, after which V8 looks which of them live: that takes as long as thousands
  // of messages, however few live. V8 begins with 1 and goes up to this by itself when many do.
  '--min-semi-space-size=16',
];

/**
 * What the C library's malloc is told (glibc's tunables; other libraries ignore them), which has the memory of typed arrays: that it is to ask the
 * kernel for pages of 2 MiB, since the kernel copies a long message from process to process page by page, and in less than half the time with
 * these. malloc puts arrays into one heap then, where they lie in such pages, up to the longest that it may, and keeps as much of what is free
 * at its end as it does of itself with such arrays.
 */
const HUGE_PAGES = `glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=${32 << 20}:glibc.malloc.trim_threshold=${64 << 20}`;
/** The C library reads it when a process starts. Of two values for one thing the later one counts. */
const TUNABLES = 'GLIBC_TUNABLES';

/** The variables that tell a rank what it is in its job. */
export function jobVariables({ rank, size, cores, part }: RankOptions): Record<string, string> {
  return {
    [ENVIRONMENT.rank]: String(rank),
    [ENVIRONMENT.size]: String(size),
    [ENVIRONMENT.cores]: String(cores),
    ...(part === undefined ? {} : { [PART_VARIABLE]: part }),
  };
}

/** What the process of a rank is started with, whatever program it runs then. */
export function processSettings(options: RankOptions): { nodeOptions: string[]; env: Record<string, string> } {
  const tunables = options.env[TUNABLES] ?? process.env[TUNABLES];
  return {
    nodeOptions: ['--require', BOOTSTRAP, ...QUICK, ...(hasCoreToSpare(options) ? [] : ONE_THREAD), ...options.program.nodeOptions],
    env: {
      ...options.env,
      [TUNABLES]: tunables ? `${HUGE_PAGES}:${tunables}` : HUGE_PAGES,
      ...Object.fromEntries(Object.keys(options.connection).map((name, index) => [name, String(FIRST_DESCRIPTOR + index)])),
      [BOOTSTRAP_ENVIRONMENT.launcher]: String(process.pid),
      ...(options.core === undefined ? {} : { [BOOTSTRAP_ENVIRONMENT.core]: String(options.core) }),
    },
  };
}

/**
 * Starts Node for a rank, which becomes the leader of a process group (bootstrap.ts). Not of a session, as it would by `detached`: Linux shares a
 * core among sessions before it does so among processes (autogroup, sched(7)), and sched_yield gives way within a session only, so that ranks on one core could not give way to each other.
 */
export function startProcess(options: RankOptions, stdin: 'pipe' | 'ignore' = options.stdin === undefined ? 'ignore' : 'pipe'): ChildProcess {
  const { nodeOptions, env } = processSettings(options);
  return spawn(process.execPath, [...nodeOptions, options.program.file, ...options.args], {
    cwd: options.wdir,
    env: { ...process.env, ...env, ...jobVariables(options) },
    stdio: [stdin, 'pipe', 'pipe', ...Object.values(options.connection)],
  });
}

/** One rank, wherever its process runs. */
export interface Rank {
  readonly rank: number;
  readonly pid: number | undefined;
  readonly running: boolean;
  readonly stdout: NodeJS.ReadableStream;
  readonly stderr: NodeJS.ReadableStream;
  /** Resolves when the process has ended and its output is complete. */
  readonly ended: Promise<Exit>;
  /** Signals the rank and everything in its process group. */
  signal(signal: NodeJS.Signals): void;
}

/** A rank on this machine: a Node process that leads a process group, so that what it starts ends with it. */
export class RankProcess implements Rank {
  readonly rank: number;
  readonly #child: ChildProcess;
  readonly ended: Promise<Exit>;
  #exit: Exit | null = null;

  /** @param child its process, if one waits for a program already */
  constructor(options: RankOptions, onExit: (exit: Exit) => void, child = startProcess(options)) {
    this.rank = options.rank;
    this.#child = child;
    child.stdin?.on('error', () => undefined); // a rank need not read its input
    if (options.stdin !== undefined) options.stdin.pipe(child.stdin!);
    else child.stdin?.end();
    this.ended = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('exit', (code, signal) => {
        this.#exit = { code, signal };
        this.signal('SIGKILL'); // what the rank has left behind
        onExit(this.#exit);
        for (const stream of [this.#child.stdout!, this.#child.stderr!]) closeWhenSilent(stream);
      });
      this.#child.on('close', () => resolve(this.#exit!));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#exit === null;
  }

  get stdout(): Readable {
    return this.#child.stdout!;
  }

  get stderr(): Readable {
    return this.#child.stderr!;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch {
      // The group is gone already, or not there yet: the process makes it when it has begun.
      if (this.running) this.#child.kill(signal);
    }
  }
}

/** Closes a stream when nothing has come for a while, unless it is this side that does not read. */
function closeWhenSilent(stream: Readable): void {
  let isSilent = false;
  const timer = setInterval(() => {
    if (isSilent && !stream.isPaused()) stream.destroy();
    isSilent = true;
  }, SILENCE_AFTER_EXIT_MS);
  stream.on('data', () => (isSilent = false));
  stream.on('close', () => clearInterval(timer));
  if (stream.closed) clearInterval(timer);
}
