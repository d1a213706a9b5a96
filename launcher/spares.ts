import type { ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Exit, jobVariables, processSettings, type RankOptions, RankProcess, startProcess } from './rank-process';

const PROGRAM = join(__dirname, 'spare-program.js');
const LENGTH_BYTES = 4;

/** What a waiting process becomes a rank with. */
export interface Assignment {
  env: Record<string, string>;
  wdir: string;
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
    this.#child = startProcess({ ...like, program: { ...like.program, file: PROGRAM }, args: [], wdir: '/' }, 'pipe');
    this.#child.on('error', () => undefined); // then it fits no rank
    this.#child.stdin!.on('error', () => undefined);
  }

  /** Whether a process started for the rank would be the same. */
  fits(options: RankOptions): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null && settingsOf(options) === this.#settings;
  }

  /** Sets it going. The assignment is the first thing on its standard input; what follows is the rank's. */
  assign(options: RankOptions): ChildProcess {
    const assignment: Assignment = { env: jobVariables(options), wdir: options.wdir, file: options.program.file, args: options.args };
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

function settingsOf(options: RankOptions): string {
  return JSON.stringify([processSettings(options), Object.values(options.connection)]);
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
    this.#started.push(options);
    const index = this.#waiting.findIndex((spare) => spare.fits(options));
    if (index < 0) return new RankProcess(options, onExit);
    const [spare] = this.#waiting.splice(index, 1);
    return new RankProcess(options, onExit, spare!.assign(options));
  }

  /** To be called after a job. No more processes wait than the machine has processors: each takes some 45 MB. */
  refill(): void {
    const last = this.#started.splice(0);
    if (last.length === 0) return;
    for (const spare of this.#waiting) spare.end();
    this.#waiting = last.slice(0, availableParallelism()).map((rank) => new Spare(rank));
  }
}
