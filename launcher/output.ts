import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { UsageError } from './usage-error';

const NEWLINE = 0x0a;
/** Lines of a rank that a report of its failure shows: enough for an error with its stack. */
const LAST_LINES = 24;

export interface OutputOptions {
  /** Begin each line with the rank and the stream it comes from. */
  tag: boolean;
  /** Begin each line with the time. */
  timestamp: boolean;
  /** Folder for a copy of each rank's output. */
  dir: string | undefined;
}

const rankFolder = (dir: string, rank: number): string => join(dir, `rank.${rank}`);

/** Makes the folders for the copies of the ranks' output. @throws UsageError */
export function makeOutputFolders(dir: string, size: number): void {
  try {
    for (let rank = 0; rank < size; rank++) mkdirSync(rankFolder(dir, rank), { recursive: true });
  } catch (error) {
    throw new UsageError(`--output-dir ${dir}: ${(error as Error).message}`);
  }
}

type StreamName = 'stdout' | 'stderr';

/** Writes whole lines to one of the launcher's own streams. */
class Sink {
  readonly #target: Writable;
  readonly #held: NodeJS.ReadableStream[] = [];
  #midLine = false;
  /** Nobody reads it any more: what is written is dropped. */
  #isBroken = false;

  constructor(target: Writable) {
    this.#target = target;
    target.on('error', () => {
      this.#isBroken = true;
      this.#releaseHeld();
    });
  }

  /** @param line with its newline, unless the rank's output ended without one */
  write(prefix: string, line: Buffer): boolean {
    if (this.#isBroken) return true;
    const separator = this.#midLine ? '\n' : '';
    this.#midLine = line[line.length - 1] !== NEWLINE;
    return this.#target.write(Buffer.concat([Buffer.from(separator + prefix), line]));
  }

  /** Resolves when everything has been taken, or cannot be. */
  flush(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isBroken || this.#target.writableLength === 0) return resolve();
      this.#target.once('error', () => resolve());
      this.#target.write('', () => resolve());
    });
  }

  /** Lets a stream wait until the target has taken what was written. */
  hold(stream: NodeJS.ReadableStream): void {
    stream.pause();
    this.#held.push(stream);
    if (this.#held.length > 1) return;
    this.#target.once('drain', () => this.#releaseHeld());
  }

  #releaseHeld(): void {
    for (const held of this.#held.splice(0)) held.resume();
  }
}

/** Brings the output of all ranks together, line by line: lines of different ranks never mix. */
export class Output {
  readonly #options: OutputOptions;
  readonly #sinks = { stdout: new Sink(process.stdout), stderr: new Sink(process.stderr) };
  readonly #lastLines = new Map<number, string[]>();
  /** Resolve when the copies are complete. */
  readonly #copies: Promise<void>[] = [];

  constructor(options: OutputOptions) {
    this.#options = options;
  }

  /** Takes over a rank's stream. */
  attach(rank: number, name: StreamName, stream: NodeJS.ReadableStream): void {
    const copy = this.#copyTo(rank, name);
    if (copy) {
      copy.on('error', (error) => this.say(`--output-dir: ${error.message}`));
      this.#copies.push(new Promise((resolve) => copy.on('close', resolve)));
    }
    let pending: Buffer[] = [];
    const emit = (line: Buffer): void => {
      this.#remember(rank, line);
      if (!this.#sinks[name].write(this.#prefix(rank, name), line)) this.#sinks[name].hold(stream);
    };
    stream.on('data', (chunk: Buffer) => {
      copy?.write(chunk);
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
        emit(Buffer.concat([...pending, chunk.subarray(start, end + 1)]));
        pending = [];
        start = end + 1;
      }
      if (start < chunk.length) pending.push(chunk.subarray(start));
    });
    stream.on('close', () => {
      if (pending.length > 0) emit(Buffer.concat(pending));
      copy?.end();
    });
  }

  /** Writes a message of zivmrun's own, on a line of its own. */
  say(message: string): void {
    this.#sinks.stderr.write('', Buffer.from(`zivmrun: ${message}\n`));
  }

  /** Resolves when everything is written, or nobody reads it any more. */
  async flush(): Promise<void> {
    await Promise.all([...Object.values(this.#sinks).map((sink) => sink.flush()), ...this.#copies]);
  }

  /** What a rank wrote last, to either stream. */
  lastLines(rank: number): string[] {
    return this.#lastLines.get(rank) ?? [];
  }

  #remember(rank: number, line: Buffer): void {
    const lines = this.#lastLines.get(rank) ?? [];
    lines.push(line.toString().trimEnd());
    if (lines.length > LAST_LINES) lines.shift();
    this.#lastLines.set(rank, lines);
  }

  #prefix(rank: number, name: StreamName): string {
    const time = this.#options.timestamp ? `${new Date().toISOString()} ` : '';
    return time + (this.#options.tag ? `[${rank}]<${name}>: ` : '');
  }

  #copyTo(rank: number, name: StreamName): Writable | undefined {
    if (this.#options.dir === undefined) return undefined;
    return createWriteStream(join(rankFolder(this.#options.dir, rank), name));
  }
}
