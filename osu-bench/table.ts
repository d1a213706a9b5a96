import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const WIDTH = 18;

/** The first lines of a benchmark's output: an empty one, then what is measured, by whose benchmark. */
export function title(text: string): string {
  const file = join(__dirname, '..', '..', 'package.json');
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return `\n# zivm ${text} v${version}`;
}

/** The lines of a table in the format of the OSU Micro-Benchmarks. */
export class Table {
  readonly #hasSizes: boolean;
  readonly #width: number;

  /**
   * @param hasSizes whether the first column is the size; without it there is one line
   * @param width of the other columns
   */
  constructor(hasSizes: boolean, width = WIDTH) {
    this.#hasSizes = hasSizes;
    this.#width = width;
  }

  heading(columns: string[]): string {
    return this.#hasSizes ? this.#line('# Size', columns) : `# ${this.#line('', columns).trimStart()}`;
  }

  values(bytes: number, values: number[]): string {
    return this.#line(String(bytes), values.map((value) => value.toFixed(2)));
  }

  #line(size: string, cells: string[]): string {
    const columns = cells.map((cell) => cell.padStart(this.#width)).join('');
    // Where there are no sizes, OSU makes the first column one character narrower.
    return this.#hasSizes ? `${size.padEnd(10)}${columns}` : columns.slice(1);
  }
}
