import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Absent } from './commands';
import { areAlike, busyWithOthers, type Pace } from './load';
import { type Measurement, MPI_RIVALS, OWN, type Result, type Values } from './measurement';

/** The first line of the file of rounds: what they are rounds of. */
interface Heading {
  build: string;
  options: string;
}

/** The last line of a file of rounds to which nothing is to be added. */
const COMPLETE = JSON.stringify({ complete: true });

/** A line of the file of rounds: one run of one side. */
interface Line {
  measurement: string;
  part?: string;
  side: string;
  round: number;
  /** When it began. */
  at: string;
  /** What others used of the machine just before, in percent. */
  busy: number;
  /** Nanoseconds of a flag between two cores just before and just after, if that is of interest and known. */
  flagNs?: number[];
  values?: Values;
  /** Why the side is not there, which is not tried again. */
  absent?: string;
  /** Why it failed, which is tried again when the run goes on. */
  failed?: string;
}

/** The rounds that have been run, kept in a file so that an interruption costs one run of one side. */
export class Rounds {
  readonly #file: string;
  #lines: Line[] = [];

  /**
   * Goes on with a file, a JSON object a line. It begins anew when the file is complete, or of another build or other
   * options.
   */
  constructor(file: string, heading: Heading) {
    this.#file = file;
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    // The last line may have been cut off.
    const [first, ...lines] = text.split('\n').filter((line) => line.endsWith('}'));
    if (first === JSON.stringify(heading) && !lines.includes(COMPLETE)) this.#lines = lines.map((line) => JSON.parse(line) as Line).filter(({ failed }) => failed === undefined);
    writeFileSync(file, [heading, ...this.#lines].map((line) => `${JSON.stringify(line)}\n`).join(''));
  }

  has(measurement: Measurement, side: string, round: number): boolean {
    return this.#linesOf(measurement).some((line) => line.side === side && (line.round === round || line.absent !== undefined));
  }

  add(line: Line): void {
    this.#lines.push(line);
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
  }

  /** Nothing is missing any more. */
  complete(): void {
    appendFileSync(this.#file, `${COMPLETE}\n`);
  }

  /** When the first run began, and the last. */
  get span(): [string, string] {
    const times = this.#lines.map(({ at }) => at).sort();
    return [times[0]!, times[times.length - 1]!];
  }

  /** What others used of the machine before the runs, in percent. */
  get busy(): number[] {
    return this.#lines.map(({ busy }) => busy);
  }

  /** Nanoseconds of a flag between two cores before the runs, and after them. */
  get flagNs(): number[] {
    return this.#lines.flatMap(({ flagNs }) => flagNs ?? []);
  }

  get failures(): number {
    return this.#lines.filter(({ failed }) => failed !== undefined).length;
  }

  /** What a flag took at the end of the first run of a round: the cores are to be as near each other in the other runs of it. */
  paceOf(measurement: Measurement, round: number): number | undefined {
    return this.#linesOf(measurement).find((line) => line.round === round)?.flagNs?.[1];
  }

  /**
   * What is known of a measurement. The rounds that count are those in which the cores were equally near each other for zivm and the MPI rivals, and as
   * near as in most of these; all, if there are none.
   * @param parts all of one name
   */
  resultOf(parts: Measurement[]): Result {
    const [{ name, title, x, unit, higherIsBetter, sides }] = parts as [Measurement];
    const lines = parts.flatMap((part) => this.#linesOf(part));
    const counted = parts.map((part) => this.#countedOf(part));
    return {
      ...{ name, title, x, unit, higherIsBetter },
      unevenRounds: counted.reduce((sum, { uneven }) => sum + uneven, 0),
      sides: sides.map(({ name }) => {
        const why = (kind: 'absent' | 'failed'): string | undefined => lines.find((line) => line.side === name && line[kind] !== undefined)?.[kind];
        const rounds = counted.flatMap(({ lines }) => lines.flatMap(({ side, values }) => (side === name && values !== undefined ? [values] : [])));
        return { name, rounds, absent: why('absent'), failed: why('failed') };
      }),
    };
  }

  #linesOf({ name, part }: Measurement): Line[] {
    return this.#lines.filter((line) => line.measurement === name && line.part === part);
  }

  /** The lines of the rounds that count, and how many rounds do not. */
  #countedOf(measurement: Measurement): { lines: Line[]; uneven: number } {
    const lines = this.#linesOf(measurement);
    const compared = lines.filter(({ side, values }) => values !== undefined && isCompared(side));
    const all = [...new Set(lines.map(({ round }) => round))];
    const areEven = (...rounds: number[]): boolean => areAlike(compared.flatMap(({ round, flagNs }) => (rounds.includes(round) ? (flagNs ?? []) : [])));
    const groups = all.filter((round) => areEven(round)).map((round) => all.filter((other) => areEven(round, other)));
    const largest = groups.sort((a, b) => b.length - a.length)[0];
    const counted = new Set(largest ?? all);
    return { lines: lines.filter(({ round }) => counted.has(round)), uneven: all.length - (largest?.length ?? 0) };
  }
}

/** Runs what is missing: the sides of a measurement in turn, round by round. */
export async function runAll(
  measurements: Measurement[],
  countOf: (measurement: Measurement) => number,
  rounds: Rounds,
  pace: Pace,
  say: (line: string) => void,
): Promise<void> {
  for (const [index, measurement] of measurements.entries()) {
    const { name, part } = measurement;
    const count = countOf(measurement);
    for (let round = 0; round < count; round++) {
      for (const side of measurement.sides) {
        if (rounds.has(measurement, side.name, round)) continue;
        say(`[${index + 1}/${measurements.length}] ${name}${part === undefined ? '' : ` (${part})`}, round ${round + 1} of ${count}: ${side.name}`);
        const at = new Date().toISOString();
        const busy = busyWithOthers();
        const run = async (): Promise<Outcome> => {
          const outcome = attempt(side.run);
          await nextTurn(); // a signal is heard here: it may have ended what was run, which is no failure then
          return outcome;
        };
        const [outcome, flagNs] = measurement.isPaced === true && isCompared(side.name) ? await pace.hold(run, rounds.paceOf(measurement, round)) : [await run(), []];
        rounds.add({ measurement: name, ...(part === undefined ? {} : { part }), side: side.name, round, at, busy, ...(flagNs.length > 0 ? { flagNs } : {}), ...outcome });
      }
    }
  }
}

/** The others are so slow that it hardly matters to them where the cores are, or are limits that nobody is to beat. */
const isCompared = (side: string): boolean => side === OWN || MPI_RIVALS.includes(side);

type Outcome = Pick<Line, 'values' | 'absent' | 'failed'>;

function attempt(run: () => Values): Outcome {
  try {
    return { values: run() };
  } catch (error) {
    const [why] = (error as Error).message.split('\n') as [string];
    return error instanceof Absent ? { absent: why } : { failed: why };
  }
}
