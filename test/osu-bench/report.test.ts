import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Absent, parseTable } from '../../osu-bench/report/commands';
import { aheadOf, type Measurement, type Sample, type Samples } from '../../osu-bench/report/measurement';
import { equallyNear } from '../../osu-bench/report/near';
import { page } from '../../osu-bench/report/page';
import { Rounds, runAll } from '../../osu-bench/report/run';
import { absences, countedName, paperRows } from '../../osu-bench/report/words';
import { until } from '../support/launcher';

/*
 * `npm run bench`, with messages of a few bytes: what it writes, not how fast anything is.
 */
const BENCH = join(__dirname, '../../dist/osu-bench/report/index.js');
const MEASURED = ['latency', 'idle'];
const MAX_BYTES = 16;
const SIZES = [1, 2, 4, 8, 16];

interface Side {
  name: string;
  rounds: Record<string, number>[];
  absent?: string;
  failed?: string;
  points: { x: number; median: number; min: number; max: number }[];
}

interface Report {
  about: Record<string, string>;
  results: { name: string; title: string; sides: Side[]; ahead: { x: number; ahead: number; rival: string }[] }[];
}

jest.setTimeout(200_000);

const folder = mkdtempSync(join(tmpdir(), 'zivm-report-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A PATH with Node and nothing else: no MPI can be compiled. */
function bareEnvironment(): NodeJS.ProcessEnv {
  const bin = mkdtempSync(join(folder, 'bin-'));
  symlinkSync(process.execPath, join(bin, 'node'));
  return { ...process.env, PATH: bin };
}

const args = (out: string): string[] => [BENCH, '--only', MEASURED.join(','), '--rounds', '2', '--max-size', `${MAX_BYTES}`, '--out', out];
const read = (out: string, file: string): string => readFileSync(join(out, file), 'utf8');
const linesOf = (out: string): string[] => {
  const [file] = readdirSync(out).filter((name) => name.endsWith('.jsonl'));
  return file === undefined ? [] : read(out, file).split('\n').filter((line) => line.endsWith('}') && line.includes('"measurement"'));
};

test('is interrupted, goes on, and its page, figures and text agree', async () => {
  const out = join(folder, 'out');
  const env = bareEnvironment();
  const first = spawn(process.execPath, args(out), { env, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  let said = '';
  first.stdout.on('data', (text: Buffer) => (said += text.toString()));
  await until(() => said.split('\n').length > 3, () => `a few steps in\n${said}`);
  process.kill(-first.pid!, 'SIGINT'); // as a terminal does: what it runs is interrupted too
  await new Promise((resolve) => first.once('close', resolve));
  const before = linesOf(out);
  expect(before.length).toBeGreaterThan(0);
  expect(before.filter((line) => line.includes('"failed"'))).toEqual([]);

  const second = execFileSync(process.execPath, args(out), { env, encoding: 'utf8' });
  // Nothing is measured twice.
  const after = linesOf(out);
  expect(after.slice(0, before.length)).toEqual(before);
  const runs = after.map((line) => JSON.parse(line) as { measurement: string; side: string; round: number });
  expect(new Set(runs.map(({ measurement, side, round }) => `${measurement} ${side} ${round}`)).size).toBe(runs.length);
  expect(second.split('\n').filter((line) => line.startsWith('[')).length).toBe(after.length - before.length);

  const report = JSON.parse(read(out, 'results.json')) as Report;
  expect(report.results.map(({ name }) => name)).toEqual(MEASURED);
  const sides = new Map(report.results[0]!.sides.map((side) => [side.name, side]));
  for (const name of ['zivm', 'Unix socket', 'loopback TCP', 'child_process IPC', 'worker postMessage']) {
    const { rounds, points } = sides.get(name)!;
    expect(rounds).toHaveLength(2);
    expect(points.map(({ x }) => x)).toEqual(SIZES);
    for (const { x, median, min, max } of points) {
      const values = rounds.map((round) => round[x]!);
      expect([min, median, max]).toEqual([Math.min(...values), (values[0]! + values[1]!) / 2, Math.max(...values)]);
      expect(min).toBeGreaterThan(0);
    }
  }

  expect(report.results.flatMap(({ sides }) => sides.flatMap(({ failed }) => failed ?? []))).toEqual([]);

  const text = read(out, 'report.md');
  const page = read(out, 'index.html');
  for (const name of ['MPICH', 'Open MPI']) {
    expect(sides.get(name)).toMatchObject({ rounds: [], absent: expect.stringMatching(/is not installed/) as string });
    for (const document of [text, page]) expect(document).toContain(`Latency, one way: ${name} is absent: `);
  }
  expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org\/)/);

  // A browser shows a plot of each measurement, with a line for each side.
  const dom = execFileSync('chromium', ['--headless=new', '--no-sandbox', '--disable-gpu', '--dump-dom', `file://${join(out, 'index.html')}`], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for (const name of MEASURED) {
    const figure = dom.slice(dom.indexOf(`<figure id="${name}"`));
    const svg = figure.slice(figure.indexOf('<svg'), figure.indexOf('</figure>'));
    const measured = report.results.find((result) => result.name === name)!.sides.filter(({ rounds }) => rounds.length > 0);
    expect(svg.match(/aria-roledescription="line mark"/g)).toHaveLength(measured.length);
  }
});

test('a table has one sample or several of a size, in the column that is asked for, with what a flag took', () => {
  const text = '\n# Size  MB/s  Messages/s\n1  5.00  50.00\n# flag 60 61 ns\n2  6.00  60.00\n1  9.00  90.00\n# flag 250 62 ns\n';
  expect(parseTable(text)).toEqual({ 1: [{ value: 5, flagNs: [60, 61] }, { value: 9, flagNs: [250, 62] }], 2: [{ value: 6 }] });
  expect(parseTable(text, 1)).toMatchObject({ 1: [{ value: 50 }, { value: 90 }], 2: [{ value: 60 }] });
  expect(parseTable('# Avg Latency(us)\n   3.00\n   1.00\n', 0, 8)).toEqual({ 8: [{ value: 3 }, { value: 1 }] });
});

test('the ratio is that of medians, to the better rival, and above 1 means ahead', () => {
  const side = (name: string, ...values: number[]): { name: string; rounds: Record<string, number>[]; absent: undefined; failed: undefined } => ({
    name,
    rounds: values.map((value) => ({ 8: value })),
    absent: undefined,
    failed: undefined,
  });
  const sides = [side('zivm', 3, 1, 2), side('MPICH', 5, 4, 6), side('Open MPI', 1, 1, 8)];
  const common = { name: 'x', title: 'x', x: 'bytes' as const, unit: 'us', sides, leftOut: [0, 0] as [number, number] };
  expect(aheadOf({ ...common, sides, higherIsBetter: false })).toEqual([{ x: 8, ahead: 0.5, rival: 'Open MPI' }]);
  expect(aheadOf({ ...common, sides, higherIsBetter: true })).toEqual([{ x: 8, ahead: 0.4, rival: 'MPICH' }]);
});

describe('the file of rounds', () => {
  const heading = { build: 'one', options: 'some' };
  const measurement = (run: () => number): Measurement => ({
    name: 'm',
    title: 'M',
    x: 'bytes',
    unit: 'us',
    higherIsBetter: false,
    sides: [{ name: 'zivm', run: () => ({ 8: [{ value: run() }] }) }],
  });
  const silent = (): void => undefined;
  const file = (): string => join(mkdtempSync(join(folder, 'rounds-')), 'rounds.jsonl');

  test('is begun anew when it is complete, or of another build', async () => {
    const path = file();
    let runs = 0;
    const start = async (build: string, isComplete: boolean): Promise<number> => {
      const rounds = new Rounds(path, { ...heading, build });
      const before = runs;
      await runAll([measurement(() => ++runs)], () => 2, rounds, silent);
      if (isComplete) rounds.complete();
      return runs - before;
    };
    expect(await start('one', false)).toBe(2);
    expect(await start('one', false)).toBe(0);
    expect(await start('two', true)).toBe(2);
    expect(await start('two', false)).toBe(2);
  });

  test('a failure is no absence: it is named, and tried again', async () => {
    const path = file();
    const fails = measurement(() => {
      throw new Error('it broke');
    });
    const first = new Rounds(path, heading);
    await runAll([fails], () => 1, first, silent);
    expect(first.failures).toBe(1);
    expect(absences([first.resultOf([fails])])).toEqual(['M: zivm FAILED: it broke']);
    const works = measurement(() => 1);
    const second = new Rounds(path, heading);
    await runAll([works], () => 1, second, silent);
    expect([second.failures, second.resultOf([works]).sides[0]!.rounds]).toEqual([0, [{ 8: 1 }]]);
  });

  test('what is absent is not tried again', async () => {
    let tries = 0;
    const absent = measurement(() => {
      tries++;
      throw new Absent('not here');
    });
    const rounds = new Rounds(file(), heading);
    await runAll([absent], () => 3, rounds, silent);
    expect([tries, rounds.failures, absences([rounds.resultOf([absent])])]).toEqual([1, 0, ['M: zivm is absent: not here']]);
  });
});

describe('of what two ranks measure', () => {
  const near = (value: number): Sample => ({ value, flagNs: [60, 65] });
  const far = (value: number): Sample => ({ value, flagNs: [290, 310] });
  const moved = (value: number): Sample => ({ value, flagNs: [60, 300] });

  test('those samples count in which the cores were equally near each other on all sides, and of which the side with the fewest has the most', () => {
    const sides = [
      [near(1), near(2), near(3), far(4), far(5), moved(6)],
      [near(7), far(8), far(9)],
      [far(10), far(11), near(12), moved(13)],
    ];
    expect(sides.flat().filter(equallyNear(sides)).map(({ value }) => value)).toEqual([4, 5, 8, 9, 10, 11]);
  });

  test('a flag takes longer or shorter by some, but two threads of one core are not two cores', () => {
    const sides = [[near(1), { value: 2, flagNs: [50, 80] } as Sample], [near(3), { value: 4, flagNs: [30, 31] } as Sample]];
    expect(sides.flat().filter(equallyNear(sides)).map(({ value }) => value)).toEqual([1, 2, 3]);
  });

  test('all count if there are none on every side, or if there is nothing to compare with', () => {
    const apart = [[near(1), moved(2)], [far(3)]];
    expect(apart.flat().filter(equallyNear(apart))).toEqual(apart.flat());
    const alone = [[near(1), far(2), far(3), moved(4)], [], []];
    expect(alone.flat().filter(equallyNear(alone))).toEqual(alone.flat());
  });

  test('a run counts with the median of those; one without any, and what was not compared, as they are', async () => {
    const runs = new Map<string, Samples[]>([
      ['zivm', [{ 8: [near(1), far(2), near(5)], 16: [near(3)] }, { 8: [far(4)], 16: [near(6)] }]],
      ['MPICH', [{ 8: [near(7), near(8), near(12)], 16: [near(9)] }, { 8: [moved(10)], 16: [near(11)] }]],
      ['Unix socket', [{ 8: [{ value: 20 }] }, { 8: [{ value: 21 }] }]],
    ]);
    const measurement: Measurement = {
      ...{ name: 'm', title: 'M', x: 'bytes', unit: 'us', higherIsBetter: false },
      sides: [...runs].map(([name, all]) => ({ name, run: () => all.shift()! })),
    };
    const rounds = new Rounds(join(mkdtempSync(join(folder, 'rounds-')), 'rounds.jsonl'), { build: 'one', options: 'some' });
    await runAll([measurement], () => 2, rounds, () => undefined);
    const result = rounds.resultOf([measurement]);
    expect(result.sides.map(({ rounds }) => rounds)).toEqual([
      [{ 8: 3, 16: 3 }, { 16: 6 }],
      [{ 8: 8, 16: 9 }, { 16: 11 }],
      [{ 8: 20 }, { 8: 21 }],
    ]);
    expect(result.leftOut).toEqual([3, 12]);
    expect(countedName(result)).toBe('1 to 2 rounds (without 3 of 12 measurements in which the cores were not as near each other)');
  });
});

test('parts of one name are one result', async () => {
  const pair: Measurement = {
    ...{ name: 'm', part: 'pair', title: 'M', x: 'ranks', unit: 'us', higherIsBetter: false },
    sides: ['zivm', 'MPICH'].map((name) => ({ name, run: () => ({ 2: [{ value: 1 }] }) })),
  };
  const more: Measurement = {
    ...{ name: 'm', part: 'more', title: 'M', x: 'ranks', unit: 'us', higherIsBetter: false },
    sides: [
      { name: 'zivm', run: () => ({ 4: [{ value: 3 }], 8: [{ value: 5 }] }) },
      {
        name: 'MPICH',
        run: () => {
          throw new Absent('not with so many');
        },
      },
    ],
  };
  const path = join(mkdtempSync(join(folder, 'rounds-')), 'rounds.jsonl');
  const rounds = new Rounds(path, { build: 'one', options: 'some' });
  const said: string[] = [];
  await runAll([pair, more], ({ part }) => (part === 'pair' ? 2 : 1), rounds, (line) => said.push(line));
  expect(said.slice(-3)).toEqual(['[1/2] m (pair), round 2 of 2: MPICH', '[2/2] m (more), round 1 of 1: zivm', '[2/2] m (more), round 1 of 1: MPICH']);
  const result = rounds.resultOf([pair, more]);
  expect(result).toEqual({
    ...{ name: 'm', title: 'M', x: 'ranks', unit: 'us', higherIsBetter: false, leftOut: [0, 0] },
    sides: [
      { name: 'zivm', rounds: [{ 2: 1 }, { 2: 1 }, { 4: 3, 8: 5 }], absent: undefined, failed: undefined },
      { name: 'MPICH', rounds: [{ 2: 1 }, { 2: 1 }], absent: 'not with so many', failed: undefined },
    ],
  });
  expect(countedName(result)).toBe('1 to 2 rounds');
  // Read from the file again, nothing of either is missing.
  const again = new Rounds(path, { build: 'one', options: 'some' });
  for (const measurement of [pair, more]) for (const side of ['zivm', 'MPICH']) expect(again.has(measurement, side, 0)).toBe(true);
  expect(again.has(more, 'zivm', 1)).toBe(false);
});

test('one round has no colours, whatever parts it is made in', () => {
  const about = { machine: '', versions: '', options: '', guests: '', date: '', load: '' };
  const side = (name: string, rounds: Record<string, number>[]): { name: string; rounds: Record<string, number>[]; absent: undefined; failed: undefined } => ({
    ...{ name, rounds, absent: undefined, failed: undefined },
  });
  const pageOf = (rounds: Record<string, number>[]): string => {
    const sides = [side('zivm', rounds), side('Open MPI', [{ 2: 4, 4: 4 }])];
    return page([{ name: 'm', title: 'M', x: 'ranks', unit: 'us', higherIsBetter: false, leftOut: [0, 0], sides }], about, new Map());
  };
  expect(pageOf([{ 2: 1 }, { 4: 1 }])).not.toContain('background: rgba');
  expect(pageOf([{ 2: 1 }, { 2: 1, 4: 1 }])).toContain('background: rgba');
});

test('an unknown measurement is refused with the names of those that there are', () => {
  const refused = (): string => execFileSync(process.execPath, [BENCH, '--only', 'nonsense'], { encoding: 'utf8', stdio: 'pipe' });
  expect(refused).toThrow(/unknown measurement nonsense: there are latency, bandwidth/);
});

test('beside the paper stands what was measured here, in Mbps, at the largest size that both sides have', () => {
  const side = (name: string, values: Record<string, number>): { name: string; rounds: Record<string, number>[]; absent: undefined; failed: undefined } => ({
    name,
    rounds: [values],
    absent: undefined,
    failed: undefined,
  });
  const sides = [side('zivm', { 1024: 10, 65536: 1000 }), side('TCP', { 1024: 1, 65536: 50 }), side('iperf3', { 1024: 2, 131072: 60 })];
  const rows = paperRows([{ name: 'guests-bandwidth', title: 'x', x: 'bytes', unit: 'MB/s', higherIsBetter: true, leftOut: [0, 0], sides }]);
  expect(rows.slice(-2)).toEqual([
    ['64 KiB messages, here; virtio is TCP', '8,000', '400', ''],
    ['1 KiB messages, here; virtio is iperf3', '80.0', '16.0', ''],
  ]);
  expect(paperRows([])).toHaveLength(rows.length - 2);
});
