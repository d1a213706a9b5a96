import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** The command, as a shell would start it. */
export const ZIVMRUN = join(__dirname, '../../dist/launcher/zivmrun.js');
const PROGRAMS = join(__dirname, '../launcher/programs');
/** Every process of a job inherits this variable: so they can be found, whoever is their parent by then. */
const MARK = 'ZIVM_TEST_JOB';
/** Watchdog of whatever a test waits for. No test measures time. */
const WATCHDOG_MS = 90_000;
const POLL_MS = 20;

/** Path of a program in test/launcher/programs. */
export const program = (file: string): string => join(PROGRAMS, file);

export interface StartOptions {
  /** Variables set beside those of the test's own process. */
  env?: Record<string, string>;
  cwd?: string;
  /** What the process reads. */
  input?: string;
  /** Whether its input has no end. */
  inputStaysOpen?: boolean;
  /** Watchdog, for what takes longer than processes of one machine do. */
  watchdogMs?: number;
}

/** How a process ended, and everything that it wrote. */
export interface Outcome {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A Node process under test, usually zivmrun, with all processes that descend from it. */
export class TestProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #mark = randomUUID();
  readonly #outcome: Outcome = { exitCode: null, signal: null, stdout: '', stderr: '' };
  #hadDescendants = false;
  /** Resolves when it has ended and its output is complete. */
  readonly ended: Promise<Outcome>;

  /** @param args script and arguments of the process */
  constructor(args: readonly string[], { env = {}, cwd = process.cwd(), input = '', inputStaysOpen = false, watchdogMs = WATCHDOG_MS }: StartOptions = {}) {
    this.#child = spawn(process.execPath, args, {
      cwd,
      env: { ...process.env, ...env, [MARK]: this.#mark },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stdin.on('error', () => undefined); // it need not read its input
    this.#child.stdin.write(input);
    if (!inputStaysOpen) this.#child.stdin.end();
    const outcome = this.#outcome;
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (outcome.stdout += text));
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (outcome.stderr += text));
    this.ended = new Promise((resolve, reject) => {
      const watchdog = setTimeout(() => {
        this.killAll();
        reject(new Error(`still running: ${args.join(' ')}\n${this.output}`));
      }, watchdogMs);
      this.#child.on('error', reject);
      this.#child.on('close', (exitCode, signal) => {
        clearTimeout(watchdog);
        resolve(Object.assign(outcome, { exitCode, signal }));
      });
    });
    this.ended.catch(() => undefined); // a test that waits for something else first sees that fail instead
  }

  /** What it has written up to now, for messages. */
  get output(): string {
    return `--- stdout\n${this.#outcome.stdout}\n--- stderr\n${this.#outcome.stderr}`;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Reads none of its standard output until `resumeOutput`, as a pager does that shows the first page. */
  pauseOutput(): void {
    this.#child.stdout.pause();
  }

  resumeOutput(): void {
    this.#child.stdout.resume();
  }

  /** Reads its output no more, as `head` does when it has seen enough. */
  closeOutput(): void {
    this.#child.stdout.destroy();
  }

  /** Waits until `count` matches of the pattern have been written to stdout. */
  async printed(pattern: RegExp, count = 1): Promise<void> {
    await until(
      () => [...this.#outcome.stdout.matchAll(new RegExp(pattern, 'g'))].length >= count,
      () => `${count} times ${pattern.source} in\n${this.output}`,
    );
  }

  /** Numbers of the processes that live of it and its descendants. */
  processes(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && environmentOf(name).includes(`${MARK}=${this.#mark}`))
      .map(Number);
  }

  /** Whether it or a descendant is a process whose command line has these words. */
  runs(command: string): boolean {
    return this.processes().some((pid) => commandOf(pid).includes(command));
  }

  /** Whether processes were there that it had started, and none is any more. */
  get ranksEnded(): boolean {
    const started = this.processes().some((pid) => pid !== this.pid);
    this.#hadDescendants ||= started;
    return this.#hadDescendants && !started;
  }

  /** Waits until it and all its descendants have gone: what was killed may take a moment to be gone. */
  async gone(): Promise<void> {
    try {
      await until(
        () => this.processes().length === 0,
        () => `the end of ${this.processes().map(commandOf).join(', ')}`,
      );
    } finally {
      this.killAll();
    }
  }

  /** Ends it and everything that it has started, however that went. */
  killAll(): void {
    for (const pid of this.processes()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
  }
}

/** Starts zivmrun. */
export const startZivmrun = (args: readonly string[], options?: StartOptions): TestProcess =>
  new TestProcess([ZIVMRUN, ...args], options);

/** Runs zivmrun to its end. */
export const zivmrun = (args: readonly string[], options?: StartOptions): Promise<Outcome> => startZivmrun(args, options).ended;

/** Runs a job that must succeed. @returns the lines of its standard output, sorted: ranks run at once */
export async function linesOf(args: readonly string[], options?: StartOptions): Promise<string[]> {
  const { exitCode, stdout, stderr } = await zivmrun(args, options);
  if (exitCode !== 0) throw new Error(`zivmrun ${args.join(' ')} ended with ${exitCode}:\n${stdout}${stderr}`);
  return stdout.split('\n').filter(Boolean).sort();
}

/** Waits for a condition. @param what is awaited, for the message when it never comes */
export async function until(condition: () => boolean, what: () => string, watchdogMs = WATCHDOG_MS): Promise<void> {
  const deadline = Date.now() + watchdogMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what()}`);
    await delay(POLL_MS);
  }
}

/** A process that has ended but has not been waited for has no environment: it counts as gone. */
function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return '';
  }
}

function commandOf(pid: number): string {
  try {
    return `${pid} (${readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim()})`;
  } catch {
    return String(pid);
  }
}
