import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { native } from '../src/native';
import { BOOTSTRAP_ENVIRONMENT, ENVIRONMENT } from '../src/job/join';
import type { Program } from './programs';

/** The descriptor under which a rank finds its connection to the server. */
const SERVER_FD = 3;
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
  /** Whether it reads the launcher's standard input. */
  stdin: boolean;
  /** The core that it is bound to, if it is bound. */
  core: number | undefined;
  /** How many cores all ranks share. */
  cores: number;
  /** The rank's end of its connection to the server; closed here. */
  socket: number;
}

/** How a process ended. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** One rank: a Node process that leads a process group, so that what it starts ends with it. */
export class RankProcess {
  readonly rank: number;
  readonly #child: ChildProcess;
  /** Resolves when the process has ended and its output is complete. */
  readonly ended: Promise<Exit>;
  #exit: Exit | null = null;

  constructor(options: RankOptions, onExit: (exit: Exit) => void) {
    this.rank = options.rank;
    const { program } = options;
    this.#child = spawn(process.execPath, ['--require', BOOTSTRAP, ...program.nodeOptions, program.file, ...options.args], {
      cwd: options.wdir,
      detached: true,
      env: {
        ...process.env,
        ...options.env,
        [ENVIRONMENT.rank]: String(options.rank),
        [ENVIRONMENT.size]: String(options.size),
        [ENVIRONMENT.socket]: String(SERVER_FD),
        [ENVIRONMENT.cores]: String(options.cores),
        [BOOTSTRAP_ENVIRONMENT.launcher]: String(process.pid),
        ...(options.core === undefined ? {} : { [BOOTSTRAP_ENVIRONMENT.core]: String(options.core) }),
      },
      stdio: [options.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe', options.socket],
    });
    native.closeDescriptor(options.socket);
    if (options.stdin) {
      this.#child.stdin!.on('error', () => undefined); // a rank need not read its input
      process.stdin.pipe(this.#child.stdin!);
    }
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

  get stdout(): NodeJS.ReadableStream {
    return this.#child.stdout!;
  }

  get stderr(): NodeJS.ReadableStream {
    return this.#child.stderr!;
  }

  /** Signals the rank and everything in its process group. */
  signal(signal: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch {
      // The group is gone already.
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
