import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Absent, parseTable } from '../../osu-bench/report/commands';
import { distancesOf } from '../../osu-bench/report/distance';
import { aheadOf, type Measurement, pointsOf, type Result, type Sample, type Samples, type Series } from '../../osu-bench/report/measurement';
import { page } from '../../osu-bench/report/page';
import { Rounds, runAll } from '../../osu-bench/report/run';
import { absences, aheadName, countedName, markdown, paperRows, ratioTables } from '../../osu-bench/report/words';
import { until } from '../support/launcher';

/*
 * `npm run bench`, with messages of a few bytes: what it writes, not how fast anything is.
 */
const BENCH = join(__dirname, '../../dist/osu-bench/report/index.js');
const MEASURED = ['latency', 'idle'];
const MAX_BYTES = 16;
const SIZES = [1, 2, 4, 8, 16];

interface Report {
  about: Record<string, string>;
  results: (Omit<Result, 'series'> & { series: (Series & { points: { x: number; count: number; median: number }[] })[] })[];
}

/** A result of messages whose latency counts, unless told otherwise. */
const resultOf = (series: Series[], more: Partial<Result> = {}): Result => ({
  ...{ name: 'm', title: 'M', x: 'bytes', unit: 'us', higherIsBetter: false, missing: [], leftOut: [0, 0] },
  ...more,
  series,
});
const ABOUT = { machine: '', versions: '', options: '', guests: '', date: '', load: '' };

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
  const [latency] = report.results as [Report['results'][0]];
  for (const name of ['Unix socket', 'loopback TCP', 'child_process IPC', 'worker postMessage']) {
    const { values, points } = latency.series.find((one) => one.name === name)!;
    expect(points.map(({ x, count }) => [x, count])).toEqual(SIZES.map((size) => [size, 2]));
    for (const { x, median } of points) {
      const [first, second] = values[x]!;
      expect(median).toBe((first! + second!) / 2);
      expect(median).toBeGreaterThan(0);
    }
  }
  // Two rounds of five passes, at whatever distances the cores were.
  const own = latency.series.filter(({ name }) => name === 'zivm');
  const passes = own.flatMap(({ values }) => Object.values(values)).reduce((sum, { length }) => sum + length, 0);
  expect(passes + latency.leftOut[0]).toBe(2 * 5 * SIZES.length);
  expect(report.results.flatMap(({ missing }) => missing.flatMap(({ failed }) => failed ?? []))).toEqual([]);

  const text = read(out, 'report.md');
  const page = read(out, 'index.html');
  for (const name of ['MPICH', 'Open MPI']) {
    expect(latency.missing).toContainEqual({ name, absent: expect.stringMatching(/is not installed/) as string });
    expect(latency.series.map((one) => one.name)).not.toContain(name);
    for (const document of [text, page]) expect(document).toContain(`Latency, one way: ${name} is absent: `);
  }
  expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org\/)/);

  // A browser shows a plot of each measurement, with a line for each series.
  const dom = execFileSync('chromium', ['--headless=new', '--no-sandbox', '--disable-gpu', '--dump-dom', `file://${join(out, 'index.html')}`], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for (const name of MEASURED) {
    const figure = dom.slice(dom.indexOf(`<figure id="${name}"`));
    const svg = figure.slice(figure.indexOf('<svg'), figure.indexOf('</figure>'));
    const { series } = report.results.find((result) => result.name === name)!;
    expect(svg.match(/aria-roledescription="line mark"/g)).toHaveLength(series.length);
  }
});

test('a table has one sample or several of a size, in the column that is asked for, with what a flag took', () => {
  const text = '\n# Size  MB/s  Messages/s\n1  5.00  50.00\n# flag 60 61 ns\n2  6.00  60.00\n1  9.00  90.00\n# flag 250 62 ns\n';
  expect(parseTable(text)).toEqual({ 1: [{ value: 5, flagNs: [60, 61] }, { value: 9, flagNs: [250, 62] }], 2: [{ value: 6 }] });
  expect(parseTable(text, 1)).toMatchObject({ 1: [{ value: 50 }, { value: 90 }], 2: [{ value: 60 }] });
  expect(parseTable('# Avg Latency(us)\n   3.00\n   1.00\n', 0, 8)).toEqual({ 8: [{ value: 3 }, { value: 1 }] });
});

test('the ratio is that of medians, to the better rival, and above 1 means ahead', () => {
  const series = [
    { name: 'zivm', values: { 8: [3, 1, 2] } },
    { name: 'MPICH', values: { 8: [5, 4, 6, 5] } },
    { name: 'Open MPI', values: { 8: [1, 1, 8, 1, 1] } },
  ];
  expect(aheadOf(resultOf(series))).toEqual([{ x: 8, ahead: 0.5, rival: 'Open MPI', rivals: 2, passes: 3 }]);
  expect(aheadOf(resultOf(series, { higherIsBetter: true }))).toEqual([{ x: 8, ahead: 0.4, rival: 'MPICH', rivals: 2, passes: 3 }]);
  // The worse rival may be so by chance, too.
  const few = [{ name: 'zivm', values: { 8: [1, 1, 1] } }, { name: 'MPICH', values: { 8: [2, 2, 2] } }, { name: 'Open MPI', values: { 8: [9] } }];
  expect(aheadOf(resultOf(few))).toEqual([{ x: 8, ahead: 2, rival: 'MPICH', rivals: 2, passes: 1 }]);
});

test('a point has the median and the quartiles', () => {
  expect(pointsOf({ name: 'zivm', values: { 8: [4, 1, 3, 2, 9], 2: [7], 4: [1, 2] } })).toEqual([
    { x: 2, count: 1, median: 7, lower: 7, upper: 7 },
    { x: 4, count: 2, median: 1.5, lower: 1.25, upper: 1.75 },
    { x: 8, count: 5, median: 3, lower: 2, upper: 4 },
  ]);
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
    expect([second.failures, second.resultOf([works]).series]).toEqual([0, [{ name: 'zivm', values: { 8: [1] } }]]);
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

describe('the distances of the cores', () => {
  const sample = (before: number, after: number): Sample => ({ value: 1, flagNs: [before, after] });

  test('are those at which most flags were alike; a sample has one if it did not change', () => {
    const flags = [...Array<number>(20).fill(60), 65, 70, 95, ...Array<number>(30).fill(250), 240, 300, 600];
    const distances = distancesOf(flags);
    expect(distances.map(({ flagNs }) => flagNs)).toEqual([250, 60]);
    const whichHas = (one: Sample): number[] => distances.flatMap(({ flagNs, has }) => (has(one) ? [flagNs] : []));
    expect([sample(61, 90), sample(260, 290), sample(60, 250), sample(600, 600), sample(30, 30)].map(whichHas)).toEqual([[60], [250], [], [], []]);
  });

  test('a flag takes longer or shorter by some, but two threads of one core are not two cores', () => {
    expect(distancesOf([30, 31, 29, 60, 55, 56, 58, 80]).map(({ flagNs }) => flagNs)).toEqual([58, 30]);
  });

  test('there are none without flags', () => expect(distancesOf([])).toEqual([]));
});

describe('of what two ranks measure', () => {
  const near = (value: number): Sample => ({ value, flagNs: [60, 65] });
  const far = (value: number): Sample => ({ value, flagNs: [240, 250] });
  const moved = (value: number): Sample => ({ value, flagNs: [60, 240] });

  test('each distance is a series, and what was measured while the cores moved is left out', async () => {
    const runs = new Map<string, Samples[]>([
      ['zivm', [{ 8: [near(1), far(2), near(5)], 16: [near(3)] }, { 8: [far(4)], 16: [near(6)] }]],
      ['MPICH', [{ 8: [near(7), near(8), near(12)] }, { 8: [moved(10)], 16: [near(11)] }]],
      ['Unix socket', [{ 8: [{ value: 20 }] }, { 8: [{ value: 21 }] }]],
    ]);
    const measurement: Measurement = {
      ...{ name: 'm', title: 'M', x: 'bytes', unit: 'us', higherIsBetter: false },
      sides: [...runs].map(([name, all]) => ({ name, run: () => all.shift()! })),
    };
    const rounds = new Rounds(join(mkdtempSync(join(folder, 'rounds-')), 'rounds.jsonl'), { build: 'one', options: 'some' });
    await runAll([measurement], () => 2, rounds, () => undefined);
    const result = rounds.resultOf([measurement]);
    expect(result.series).toEqual([
      { name: 'zivm', flagNs: 60, values: { 8: [1, 5], 16: [3, 6] } },
      { name: 'zivm', flagNs: 240, values: { 8: [2, 4] } },
      { name: 'MPICH', flagNs: 60, values: { 8: [7, 8, 12], 16: [11] } },
      { name: 'Unix socket', values: { 8: [20, 21] } },
    ]);
    expect(result.leftOut).toEqual([1, 11]);
    expect(countedName(result)).toBe('1 to 3 passes (without 1 of 11 in which the cores moved)');
  });

  test('zivm and a rival are compared at the same distance, and each distance has a table', () => {
    const both = [
      { name: 'zivm', flagNs: 60, values: { 8: [1, 1, 1] } },
      { name: 'zivm', flagNs: 250, values: { 8: [4, 4, 4] } },
      { name: 'MPICH', flagNs: 60, values: { 8: [2, 2, 2, 2] } },
      { name: 'MPICH', flagNs: 250, values: { 8: [5, 5, 5] } },
      { name: 'Open MPI', flagNs: 250, values: { 8: [6, 6, 6] } },
    ];
    const crowd = [
      { name: 'zivm', values: { 8: [1, 1, 1] } },
      { name: 'MPICH', values: { 8: [3, 3, 3] } },
    ];
    const results = [resultOf(both), resultOf(crowd, { name: 'c', title: 'C' })];
    const shown = ratioTables(results).map(({ x, flagNs, columns, rows }) => [x, flagNs, columns, rows.map(({ title, cells }) => [title, cells.get(8)!.rival, aheadName(cells.get(8)!)])]);
    expect(shown).toEqual([
      ['bytes', 60, [8], [['M', 'MPICH', '2.00*']]],
      ['bytes', 250, [8], [['M', 'MPICH', '1.25']]],
      ['bytes', undefined, [8], [['C', 'MPICH', '3.00*']]],
    ]);
    const text = markdown(results, ABOUT);
    expect(text).toContain('| message; cores 60 ns apart | M |');
    expect(text).toContain('| message | zivm, cores 60 ns apart | zivm, cores 250 ns apart | MPICH, cores 60 ns apart |');
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
    series: [
      { name: 'zivm', values: { 2: [1, 1], 4: [3], 8: [5] } },
      { name: 'MPICH', values: { 2: [1, 1] } },
    ],
    missing: [{ name: 'MPICH', absent: 'not with so many' }],
  });
  expect(countedName(result)).toBe('1 to 2 passes');
  // Read from the file again, nothing of either is missing.
  const again = new Rounds(path, { build: 'one', options: 'some' });
  for (const measurement of [pair, more]) for (const side of ['zivm', 'MPICH']) expect(again.has(measurement, side, 0)).toBe(true);
  expect(again.has(more, 'zivm', 1)).toBe(false);
});

test('a ratio of few passes is in brackets, and has no colour', () => {
  const pageOf = (values: number[]): string => {
    const series = [{ name: 'zivm', values: { 2: values } }, { name: 'MPICH', values: { 2: [4, 4, 4] } }, { name: 'Open MPI', values: { 2: [4, 4, 5] } }];
    return page([resultOf(series, { x: 'ranks' })], ABOUT, new Map());
  };
  expect(pageOf([1, 1])).not.toContain('background: rgba');
  expect(pageOf([1, 1])).toContain('>(4.00)<');
  expect(pageOf([1, 1, 1])).toContain('background: rgba');
  expect(pageOf([1, 1, 1])).toContain('>4.00<');
});

test('an unknown measurement is refused with the names of those that there are', () => {
  const refused = (): string => execFileSync(process.execPath, [BENCH, '--only', 'nonsense'], { encoding: 'utf8', stdio: 'pipe' });
  expect(refused).toThrow(/unknown measurement nonsense: there are latency, bandwidth/);
});

test('beside the paper stands what was measured here, in Mbps, at the largest size that both sides have', () => {
  const series = [
    { name: 'zivm', values: { 1024: [10], 65536: [1000] } },
    { name: 'TCP', values: { 1024: [1], 65536: [50] } },
    { name: 'iperf3', values: { 1024: [2], 131072: [60] } },
  ];
  const rows = paperRows([resultOf(series, { name: 'guests-bandwidth', unit: 'MB/s', higherIsBetter: true })]);
  expect(rows.slice(-2)).toEqual([
    ['64 KiB messages, here; virtio is TCP', '8,000', '400', ''],
    ['1 KiB messages, here; virtio is iperf3', '80.0', '16.0', ''],
  ]);
  expect(paperRows([])).toHaveLength(rows.length - 2);
});
