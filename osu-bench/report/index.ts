import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { parseCount } from '../../launcher/arguments';
import { about } from './about';
import { PACKAGE } from './commands';
import { aheadOf, type Measurement, pointsOf, type Result } from './measurement';
import { page } from './page';
import { type Extent, FULL, plan, QUICK, ROUNDS_TEXT, roundsOf, SLOW } from './plan';
import { plot } from './plots';
import { Rounds, runAll } from './run';
import { markdown, roundsName } from './words';

/*
 * npm run bench: measures zivm and its rivals in turn and writes report/index.html, results.json and report.md.
 */
interface Options {
  quick?: boolean;
  only?: string;
  rounds?: number;
  maxSize?: number;
  out: string;
  fresh?: boolean;
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'zivm-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(128 + constants.signals[signal]));
  const names = namesOf(plan(FULL, folder));
  const command = new Command('npm run bench --')
    .description('Measures zivm beside its rivals, in turn, and writes a report. After an interruption it goes on where it was.')
    .option('--quick', 'the most important, short messages, few ranks, one round of more passes: under three minutes')
    .option('--only <names>', `some of ${names.join(', ')}`)
    .option('--rounds <number>', `how often each side runs (default: ${ROUNDS_TEXT})`, parseCount)
    .option('--max-size <bytes>', 'largest message of zivm', parseCount)
    .option('--out <folder>', 'where the report goes', 'report')
    .option('--fresh', 'forget what an interrupted run has measured')
    .parse();
  const { quick = false, only, rounds = quick ? 1 : undefined, maxSize, out, fresh } = command.opts<Options>();
  const extent: Extent = { ...(quick ? QUICK : FULL), ...(maxSize === undefined ? {} : { maxBytes: maxSize }) };
  const wanted = only?.split(',') ?? names.filter((name) => !quick || !SLOW.includes(name));
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0) command.error(`error: unknown measurement ${unknown.join(', ')}: there are ${names.join(', ')}`, { exitCode: 2 });
  const measurements = plan(extent, folder).filter(({ name }) => wanted.includes(name));

  const target = resolve(out);
  mkdirSync(target, { recursive: true });
  // Rounds of another extent are not comparable, and have a file of their own.
  const file = join(target, `rounds-${quick ? 'quick' : 'full'}-${extent.maxBytes}.jsonl`);
  if (fresh) rmSync(file, { force: true });
  const options = `${rounds === undefined ? ROUNDS_TEXT : roundsName(rounds)}, two ranks go through the sizes ${extent.passes} times in a run, messages of zivm up to ${extent.maxBytes} bytes, ${extent.ranks.join(', ')} ranks, each on a core of its own while there are enough`;
  const done = new Rounds(file, { build: buildDigest(), options });
  await runAll(measurements, (measurement) => rounds ?? roundsOf(measurement), done, (line) => console.log(line));

  const results = namesOf(measurements).map((wanted) => done.resultOf(measurements.filter(({ name }) => name === wanted)));
  const facts = about(done, options);
  const plots = new Map<string, string>();
  for (const result of results) if (result.series.length > 0) plots.set(result.name, await plot(result));
  writeFileSync(join(target, 'results.json'), `${JSON.stringify({ about: facts, results: results.map(figures) }, null, 1)}\n`);
  const text = markdown(results, facts);
  writeFileSync(join(target, 'report.md'), text);
  writeFileSync(join(target, 'index.html'), page(results, facts, plots));
  console.log(`\n${text}\nThe report is ${join(target, 'index.html')}`);
  if (done.failures > 0) process.exitCode = 1;
  else done.complete();
}

const namesOf = (measurements: Measurement[]): string[] => [...new Set(measurements.map(({ name }) => name))];

/** A result with its medians, spread and ratios beside the values. */
function figures(result: Result): object {
  return { ...result, series: result.series.map((one) => ({ ...one, points: pointsOf(one) })), ahead: aheadOf(result) };
}

/** What tells builds apart: rounds of different ones are not put together. */
function buildDigest(): string {
  const files = readdirSync(join(PACKAGE, 'dist'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'));
  const hash = createHash('sha256');
  const addons = ['zivm.node', 'zivm_fast.node'].map((name) => join('build', 'Release', name));
  for (const name of [...files.sort().map((name) => join('dist', name)), ...addons]) hash.update(readFileSync(join(PACKAGE, name)));
  return hash.digest('hex').slice(0, 16);
}

void main();
