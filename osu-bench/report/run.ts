import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Absent } from './commands';
import { busyWithOthers } from './load';
import { type Measurement, median, MPI_RIVALS, OWN, type Result, type Sample, type Samples, type Values } from './measurement';
import { equallyNear } from './near';

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
  samples?: Samples;
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
    const { name, part } = measurement;
    return this.#lines.some((line) => line.measurement === name && line.part === part && line.side === side && (line.round === round || line.absent !== undefined));
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

  /** Nanoseconds of a flag between two cores that worked together, each time that it was looked at. */
  get flagNs(): number[] {
    return this.#lines.flatMap(({ samples = {} }) => Object.values(samples).flatMap((all) => all.flatMap(({ flagNs }) => flagNs ?? [])));
  }

  get failures(): number {
    return this.#lines.filter(({ failed }) => failed !== undefined).length;
  }

  /**
   * What is known of a measurement: of each run the median of the samples at each place. Where two cores work together, those count in which they were equally near each other for
   * zivm and the MPI rivals.
   * @param parts all of one name
   */
  resultOf(parts: Measurement[]): Result {
    const [{ name, title, x, unit, higherIsBetter, sides }] = parts as [Measurement];
    const lines = parts.flatMap((part) => this.#lines.filter((line) => line.measurement === name && line.part === part.part));
    const places = new Set(lines.flatMap(({ samples = {} }) => Object.keys(samples)));
    const countsAt = new Map([...places].map((place) => [place, equallyNear(COMPARED.map((side) => flaggedAt(place, lines.filter((line) => line.side === side))))]));
    const isCounted = (place: string, sample: Sample): boolean => sample.flagNs === undefined || countsAt.get(place)!(sample);
    const flagged = [...places].flatMap((place) => flaggedAt(place, lines).map((sample) => isCounted(place, sample)));
    return {
      ...{ name, title, x, unit, higherIsBetter },
      leftOut: [flagged.filter((counted) => !counted).length, flagged.length],
      sides: sides.map(({ name }) => {
        const own = lines.filter(({ side }) => side === name);
        const why = (kind: 'absent' | 'failed'): string | undefined => own.find((line) => line[kind] !== undefined)?.[kind];
        return { name, rounds: own.flatMap(({ samples }) => (samples === undefined ? [] : [mediansOf(samples, isCounted)])), absent: why('absent'), failed: why('failed') };
      }),
    };
  }
}

/** The table of ratios is about them. */
const COMPARED = [OWN, ...MPI_RIVALS];

/** Samples of two cores that worked together. */
function flaggedAt(place: string, lines: Line[]): Sample[] {
  return lines.flatMap(({ samples = {} }) => samples[place] ?? []).filter(({ flagNs }) => flagNs !== undefined);
}

/** A place without a sample that counts is left out. */
function mediansOf(samples: Samples, isCounted: (place: string, sample: Sample) => boolean): Values {
  const values = Object.entries(samples).map(([place, all]) => [place, all.filter((sample) => isCounted(place, sample)).map(({ value }) => value)] as const);
  return Object.fromEntries(values.flatMap(([place, counted]) => (counted.length === 0 ? [] : [[place, median(counted)]])));
}

/** Runs what is missing: the sides of a measurement in turn, round by round. */
export async function runAll(
  measurements: Measurement[],
  countOf: (measurement: Measurement) => number,
  rounds: Rounds,
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
        const outcome = attempt(side.run);
        await nextTurn(); // a signal is heard here: it may have ended what was run, which is no failure then
        rounds.add({ measurement: name, ...(part === undefined ? {} : { part }), side: side.name, round, at, busy, ...outcome });
      }
    }
  }
}

type Outcome = Pick<Line, 'samples' | 'absent' | 'failed'>;

function attempt(run: () => Samples): Outcome {
  try {
    return { samples: run() };
  } catch (error) {
    const [why] = (error as Error).message.split('\n') as [string];
    return error instanceof Absent ? { absent: why } : { failed: why };
  }
}
