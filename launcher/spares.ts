import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Exit, jobVariables, processSettings, type RankOptions, RankProcess, startProcess } from './rank-process';

const PROGRAM = join(__dirname, 'spare-program.js');
const LENGTH_BYTES = 4;

/** What a waiting process becomes a rank with. */
export interface Assignment {
  env: Record<string, string>;
  file: string;
  args: string[];
}

/** A Node process that waits for the program of a rank that is yet to come. */
class Spare {
  readonly #settings: string;
  readonly #child: ChildProcess;

  /** @param like a rank that ran before */
  constructor(like: RankOptions) {
    this.#settings = settingsOf(like);
    this.#child = startProcess({ ...like, program: { ...like.program, file: PROGRAM }, args: [] }, 'pipe');
    this.#child.on('error', () => undefined); // then it fits no rank
    this.#child.stdin?.on('error', () => undefined);
  }

  /** Whether a process started for the rank would be the same. */
  fits(options: RankOptions): boolean {
    return settingsOf(options) === this.#settings && this.#child.pid !== undefined && isRunning(this.#child.pid);
  }

  /** Sets it going. The assignment is the first thing on its standard input; what follows is the rank's. */
  assign(options: RankOptions): ChildProcess {
    const assignment: Assignment = { env: jobVariables(options), file: options.program.file, args: options.args };
    const text = Buffer.from(JSON.stringify(assignment));
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32LE(text.length);
    this.#child.stdin!.write(Buffer.concat([length, text]));
    return this.#child;
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }
}

/** All that a process has from its start on: what Node is told to load is found from the working directory, too. */
function settingsOf(options: RankOptions): string {
  return JSON.stringify([processSettings(options), options.wdir, Object.values(options.connection)]);
}

/** Whether a child lives. One that has just ended is there until its parent, this process, has asked how. */
function isRunning(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !status.slice(status.lastIndexOf(')')).startsWith(') Z');
  } catch {
    return false;
  }
}

/**
 * Starts the ranks of one job after the other. Between jobs it starts processes for the next one, as ranks of the last
 * one were: to start Node and load zivm is most of what passes before the first message of a rank, under emulation
 * nearly a second.
 */
export class Spares {
  #waiting: Spare[] = [];
  #started: RankOptions[] = [];

  /** Starts a rank, in a process that waits for such a one if there is one. @param onExit called when it has ended */
  start(options: RankOptions, onExit: (exit: Exit) => void): RankProcess {
    const index = this.#waiting.findIndex((spare) => spare.fits(options));
    const [spare] = index < 0 ? [] : this.#waiting.splice(index, 1);
    const rank = new RankProcess(options, onExit, spare?.assign(options));
    this.#started.push(options);
    return rank;
  }

  /** To be called when all ranks of a job were started: what waits then waits in vain. */
  endWaiting(): void {
    for (const spare of this.#waiting.splice(0)) spare.end();
  }

  /** To be called after a job. No more processes wait than the machine has processors: each takes some 45 MB. */
  refill(): void {
    if (this.#started.length === 0) return;
    this.endWaiting();
    for (const rank of this.#started.splice(0).slice(0, availableParallelism())) {
      try {
        this.#waiting.push(new Spare(rank));
      } catch (error) {
        console.error(`zivm-agent: no process waits for the next job: ${(error as Error).message}`);
      }
    }
  }
}
