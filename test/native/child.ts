import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { compiled } from '../support/compiled';

/*
 * Programs that tests start as processes of their own: TypeScript files that share memory and doorbells with the
 * test through descriptors that they inherit, the first one as descriptor 3.
 */

const REPOSITORY = join(__dirname, '../..');
/** A child that takes so long hangs, and is killed. */
const WATCHDOG_MS = 60_000;
/** The first descriptor that a child inherits. */
export const FIRST_DESCRIPTOR = 3;

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  output: string;
  errors: string;
}

const running = new Set<ChildProcess>();

export class Child {
  readonly #child: ChildProcess;
  #output = '';
  #errors = '';
  #onOutput: (() => void)[] = [];
  readonly ended: Promise<Ended>;

  /** @param file a program of the tests @param descriptors what the child inherits, from descriptor 3 on */
  constructor(file: string, args: readonly (string | number)[] = [], descriptors: readonly number[] = []) {
    const child = spawn(process.execPath, [compiled(file), ...args.map(String)], {
      cwd: REPOSITORY,
      stdio: ['ignore', 'pipe', 'pipe', ...descriptors],
    });
    this.#child = child;
    running.add(child);
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      for (const callback of this.#onOutput.splice(0)) callback();
    });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
    const watchdog = setTimeout(() => {
      this.#errors += `\nkilled by the watchdog after ${WATCHDOG_MS} ms`;
      child.kill('SIGKILL');
    }, WATCHDOG_MS);
    this.ended = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => {
        clearTimeout(watchdog);
        running.delete(child);
        resolve({ code, signal, output: this.#output, errors: this.#errors });
        for (const callback of this.#onOutput.splice(0)) callback();
      });
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Waits until the child has printed a line that begins so. */
  async line(start: string): Promise<string> {
    for (;;) {
      const found = this.#output.split('\n').slice(0, -1).find((line) => line.startsWith(start));
      if (found !== undefined) return found;
      if (!running.has(this.#child)) throw new Error(`the child has ended without '${start}':\n${this.#output}${this.#errors}`);
      await new Promise<void>((resolve) => this.#onOutput.push(resolve));
    }
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Waits for the end, which must be a good one. @returns what it printed */
  async success(): Promise<string> {
    const { code, signal, output, errors } = await this.ended;
    if (code !== 0) throw new Error(`the child has ended with ${code ?? signal}:\n${output}${errors}`);
    return output;
  }
}

/** Kills whatever a failed test has left behind; call it in afterEach. */
export function killChildren(): void {
  for (const child of running) child.kill('SIGKILL');
}
