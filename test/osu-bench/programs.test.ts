import { cpus } from 'node:os';
import { benchmarkNames } from '../../dist/launcher/programs';
import { runJob, runRanks } from '../support/ranks';

/*
 * Every benchmark runs to its end, and prints what it is to print. How fast it is, no test asks.
 */

/** Few iterations, at sizes on both sides of the one from which a benchmark does fewer. */
const SHORT = ['-i', '2', '-x', '1'];
const SIZES = ['-m', '4096:16384'];
const SIZE_COLUMN = 10;
const COLUMN = 18;

interface Expected {
  name: string;
  ranks: number;
  heading: string[];
  columns: string[];
}

const LATENCY = ['Avg Latency(us)'];
const BANDWIDTH = ['Bandwidth (MB/s)'];
const CHAR = '# Datatype: MPI_CHAR.';
const FLOAT = '# Datatype: MPI_FLOAT.';

const TABLES: Expected[] = [
  { name: 'osu_latency', ranks: 2, heading: ['# zivm MPI Latency Test', CHAR], columns: LATENCY },
  { name: 'osu_multi_lat', ranks: 4, heading: ['# zivm MPI Multi Latency Test', CHAR], columns: LATENCY },
  { name: 'osu_bw', ranks: 2, heading: ['# zivm MPI Bandwidth Test', CHAR], columns: BANDWIDTH },
  { name: 'osu_bibw', ranks: 2, heading: ['# zivm MPI Bi-Directional Bandwidth Test', CHAR], columns: BANDWIDTH },
  {
    name: 'osu_mbw_mr',
    ranks: 4,
    heading: ['# zivm MPI Multiple Bandwidth / Message Rate Test', '# [ pairs: 2 ] [ window size: 8 ]', CHAR],
    columns: ['MB/s', 'Messages/s'],
  },
  { name: 'osu_bcast', ranks: 3, heading: ['# zivm MPI Broadcast Latency Test', CHAR], columns: LATENCY },
  { name: 'osu_reduce', ranks: 3, heading: ['# zivm MPI Reduce Latency Test', FLOAT], columns: LATENCY },
  { name: 'osu_allreduce', ranks: 3, heading: ['# zivm MPI Allreduce Latency Test', FLOAT], columns: LATENCY },
];

const MIN_AND_MAX = ['Min Latency(us)', 'Max Latency(us)'];
const WITH_MIN_AND_MAX = ['osu_multi_lat', 'osu_bcast', 'osu_reduce', 'osu_allreduce'];

/** The lines that a benchmark prints: one empty, then its title and the version; the version is left out. */
async function linesOf(name: string, ranks: number, ...args: string[]): Promise<string[]> {
  const { stdout, stderr } = await runRanks(ranks, name, { args });
  expect(stderr).toBe('');
  const [first, title, ...rest] = stdout.trimEnd().split('\n');
  expect(first).toBe('');
  expect(title).toMatch(/ v\d+\.\d+\.\d+$/);
  return [title!.replace(/ v\S+$/, ''), ...rest];
}

/** The values of a line, each right-justified in a column with two decimals. */
function valuesOf(line: string): number[] {
  expect(line.length % COLUMN).toBe(0);
  const cells = Array.from({ length: line.length / COLUMN }, (_, i) => line.slice(i * COLUMN, (i + 1) * COLUMN));
  for (const cell of cells) expect(cell).toMatch(/^ +\d+\.\d\d$/);
  return cells.map(Number);
}

function expectTable(lines: string[], { heading, columns }: Pick<Expected, 'heading' | 'columns'>): void {
  const head = [...heading, '# Size'.padEnd(SIZE_COLUMN) + columns.map((column) => column.padStart(COLUMN)).join('')];
  expect(lines.slice(0, head.length)).toEqual(head);
  const rows = lines.slice(head.length);
  expect(rows.map((row) => row.slice(0, SIZE_COLUMN).trimEnd())).toEqual(['4096', '8192', '16384']);
  for (const row of rows) {
    const values = valuesOf(row.slice(SIZE_COLUMN));
    expect(values).toHaveLength(columns.length);
    for (const value of values) expect(value).toBeGreaterThan(0);
  }
}

test('all benchmarks are tested here', () => {
  const names = [...TABLES.map(({ name }) => name), 'osu_barrier', 'osu_hello', 'osu_init'];
  expect(benchmarkNames().sort()).toEqual(names.sort());
});

test.each(TABLES)('$name prints a line for each size', async ({ name, ranks, ...expected }) => {
  expectTable(await linesOf(name, ranks, ...SIZES, ...SHORT, '-W', '8'), expected);
});

test.each(TABLES)('$name -c finds what it has received right', async ({ name, ranks }) => {
  await linesOf(name, ranks, ...SIZES, ...SHORT, '-c');
});

test.each(TABLES.filter(({ name }) => WITH_MIN_AND_MAX.includes(name)))('$name -f adds the fastest and the slowest rank', async (expected) => {
  const { name, ranks, heading } = expected;
  const lines = await linesOf(name, ranks, ...SIZES, ...SHORT, '-f');
  expectTable(lines, { heading, columns: [...LATENCY, ...MIN_AND_MAX] });
  for (const row of lines.slice(heading.length + 1)) {
    const [average, min, max] = valuesOf(row.slice(SIZE_COLUMN)) as [number, number, number];
    expect(min).toBeLessThanOrEqual(average);
    expect(average).toBeLessThanOrEqual(max);
  }
});

test.each([
  { args: [], heading: '# Avg Latency(us)', count: 1 },
  { args: ['-f'], heading: '# Avg Latency(us)   Min Latency(us)   Max Latency(us)', count: 3 },
])('osu_barrier $args prints one line, without a size', async ({ args, heading, count }) => {
  const lines = await linesOf('osu_barrier', 3, ...SHORT, ...args);
  expect(lines.slice(0, 2)).toEqual(['# zivm MPI Barrier Latency Test', heading]);
  expect(lines).toHaveLength(3);
  const values = valuesOf(` ${lines[2]}`);
  expect(values).toHaveLength(count);
  for (const value of values) expect(value).toBeGreaterThan(0);
});

test('--passes goes through all sizes so often, and tells how near two ranks are to each other', async () => {
  const lines = (await linesOf('osu_bw', 2, '-m', '1:2', '--passes', '3', ...SHORT)).slice(3);
  const values = lines.filter((line) => !line.startsWith('#'));
  expect(values.map((line) => line.slice(0, SIZE_COLUMN).trimEnd())).toEqual(['1', '2', '1', '2', '1', '2']);
  const flags = lines.filter((line) => line.startsWith('#'));
  expect(flags).toHaveLength(cpus().length > 1 ? values.length : 0);
  for (const flag of flags) expect(flag).toMatch(/^# flag [1-9]\d* [1-9]\d* ns$/);
  expect((await linesOf('osu_barrier', 3, '--passes', '3', ...SHORT)).slice(2)).toHaveLength(3);
});

test('osu_init prints how long the ranks took to start', async () => {
  const [title, line, ...rest] = await linesOf('osu_init', 3);
  expect([title, ...rest]).toEqual(['# zivm MPI Init Test']);
  const [, min, max, average] = /^nprocs: 3, min: (\d+) ms, max: (\d+) ms, avg: (\d+) ms$/.exec(line!)!.map(Number) as [number, number, number, number];
  expect(min).toBeGreaterThan(0);
  expect(average).toBeGreaterThanOrEqual(min);
  expect(max).toBeGreaterThanOrEqual(average);
});

test('osu_hello says how many ranks there are', async () => {
  const [title, ...rest] = await linesOf('osu_hello', 3);
  expect(title).toBe('# zivm MPI Hello World Test');
  expect(rest).toEqual(['This is a test with 3 processes', expect.stringMatching(/^Total time: [1-9]\d* ms$/)]);
});

test('sizes that are no whole number of elements are left out', async () => {
  const lines = await linesOf('osu_reduce', 2, '-m', '1:8', ...SHORT);
  expect(lines.slice(3).map((line) => line.slice(0, SIZE_COLUMN).trimEnd())).toEqual(['4', '8']);
});

describe('a wrong number of ranks', () => {
  test.each([
    ['osu_latency', 3, /^osu_latency needs 2 ranks: zivmrun -n 2 osu_latency$/],
    ['osu_bibw', 1, /^osu_bibw needs 2 ranks: zivmrun -n 2 osu_bibw$/],
    ['osu_mbw_mr', 3, /^osu_mbw_mr needs an even number of ranks: zivmrun -n 2 osu_mbw_mr$/],
    ['osu_multi_lat', 3, /^osu_multi_lat needs an even number of ranks: zivmrun -n 2 osu_multi_lat$/],
    ['osu_barrier', 1, /^osu_barrier needs at least 2 ranks: zivmrun -n 2 osu_barrier$/],
  ])('%s with %i is an error of one line', async (name, ranks, message) => {
    const { exitCode, stdout, stderr } = await runJob(ranks, name);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    const [own, ...launcher] = stderr.trimEnd().split('\n');
    expect(own).toMatch(message);
    // zivmrun says that rank 0 has ended the job, and repeats that line.
    expect(launcher).toEqual([expect.stringMatching(/^zivmrun: rank 0 .*exited with code 2/), `  | ${own}`]);
  });
});
