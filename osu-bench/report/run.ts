import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { Measurement, Result, Values } from './measurement';

/** A line of the file of rounds: one run of one side. */
interface Line {
  measurement: string;
  side: string;
  round: number;
  values?: Values;
  absent?: string;
}

/** The rounds that have been run, kept in a file so that an interruption costs one run of one side. */
export class Rounds {
  readonly #file: string;
  readonly #lines: Line[];

  /** @param file a JSON object a line */
  constructor(file: string) {
    this.#file = file;
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    // The last line may have been cut off.
    this.#lines = text.split('\n').filter((line) => line.endsWith('}')).map((line) => JSON.parse(line) as Line);
  }

  find(measurement: string, side: string, round: number): Line | undefined {
    // What is absent in one round is not tried again.
    return this.#lines.find((line) => line.measurement === measurement && line.side === side && (line.round === round || line.absent !== undefined));
  }

  add(line: Line): void {
    this.#lines.push(line);
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
  }

  /** What is known of a measurement. */
  resultOf({ sides, ...measurement }: Measurement): Result {
    const linesOf = (name: string): Line[] => this.#lines.filter((line) => line.measurement === measurement.name && line.side === name);
    return {
      ...measurement,
      sides: sides.map(({ name }) => {
        const lines = linesOf(name);
        return { name, rounds: lines.flatMap(({ values }) => (values === undefined ? [] : [values])), absent: lines.find(({ absent }) => absent !== undefined)?.absent };
      }),
    };
  }
}

/** Runs what is missing: the sides of a measurement in turn, round by round. */
export function runAll(measurements: Measurement[], count: number, rounds: Rounds, say: (line: string) => void): void {
  measurements.forEach((measurement, index) => {
    for (let round = 0; round < count; round++) {
      for (const side of measurement.sides) {
        if (rounds.find(measurement.name, side.name, round) !== undefined) continue;
        say(`[${index + 1}/${measurements.length}] ${measurement.name}, round ${round + 1} of ${count}: ${side.name}`);
        rounds.add({ measurement: measurement.name, side: side.name, round, ...attempt(side.run) });
      }
    }
  });
}

function attempt(run: () => Values): Pick<Line, 'values' | 'absent'> {
  try {
    return { values: run() };
  } catch (error) {
    return { absent: (error as Error).message.split('\n')[0]! };
  }
}
