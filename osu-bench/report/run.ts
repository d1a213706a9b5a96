import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Absent } from './commands';
import { type Distance, distancesOf } from './distance';
import { busyWithOthers } from './load';
import type { Measurement, Result, Sample, Samples, Series } from './measurement';

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

  /** What is known of a measurement. @param parts all of one name */
  resultOf(parts: Measurement[]): Result {
    const [{ name, title, x, unit, higherIsBetter, sides }] = parts as [Measurement];
    const lines = this.#lines.filter(({ measurement, part }) => measurement === name && parts.some((one) => one.part === part));
    const distances = distancesOf(this.flagNs);
    const samplesOf = (side: string): [string, Sample][] =>
      lines.filter((line) => line.side === side).flatMap(({ samples = {} }) => Object.entries(samples).flatMap(([place, all]) => all.map((sample): [string, Sample] => [place, sample])));
    const flagged = sides.flatMap(({ name }) => samplesOf(name)).filter(([, { flagNs }]) => flagNs !== undefined);
    return {
      ...{ name, title, x, unit, higherIsBetter },
      series: sides.flatMap(({ name }) => seriesOf(name, samplesOf(name), distances)),
      missing: sides.flatMap(({ name }) => {
        const line = lines.find(({ side, absent, failed }) => side === name && (absent ?? failed) !== undefined);
        return line === undefined ? [] : [{ name, ...(line.absent === undefined ? { failed: line.failed! } : { absent: line.absent }) }];
      }),
      leftOut: [flagged.filter(([, sample]) => !distances.some(({ has }) => has(sample))).length, flagged.length],
    };
  }
}

/** What was measured at each distance, the nearest first; and that for which distance says nothing. */
function seriesOf(name: string, samples: [place: string, sample: Sample][], distances: Distance[]): Series[] {
  const found = new Map<number | undefined, Series>();
  for (const [place, sample] of samples) {
    const distance = sample.flagNs === undefined ? undefined : distances.find(({ has }) => has(sample));
    if (distance === undefined && sample.flagNs !== undefined) continue;
    const flagNs = distance?.flagNs;
    if (!found.has(flagNs)) found.set(flagNs, { name, ...(flagNs === undefined ? {} : { flagNs }), values: {} });
    (found.get(flagNs)!.values[place] ??= []).push(sample.value);
  }
  return [...found.values()].sort((a, b) => (a.flagNs ?? Infinity) - (b.flagNs ?? Infinity));
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
