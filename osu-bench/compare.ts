import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';

/*
 * Measures zivm beside MPICH and Open MPI in C running the same loops, on two pinned cores. The sides alternate, round
 * by round, and a ratio is one of medians: the machine's own noise falls on all of them.
 */

const PACKAGE = join(__dirname, '..', '..');
const ZIVMRUN = join(__dirname, '..', 'launcher', 'zivmrun.js');
const ROOT_ALLOWED = { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' };

interface Case {
  name: string;
  ranks: number;
  /** Source of the rival's loop, and the zivm program. */
  source: string;
  program: string;
  args: string[];
  /** Bandwidth: more is better. */
  higherIsBetter: boolean;
}

/** As many pairs as have a core for each rank: on two cores one, as in the cases of two ranks. */
const PAIRED_RANKS = Math.max(2, cpus().length - (cpus().length % 2));

const CASES: Case[] = [
  { name: 'latency', ranks: 2, source: 'multi_lat.c', program: 'osu_latency', args: [], higherIsBetter: false },
  { name: 'multi-latency', ranks: PAIRED_RANKS, source: 'multi_lat.c', program: 'osu_multi_lat', args: [], higherIsBetter: false },
  { name: 'bandwidth', ranks: 2, source: 'mbw_mr.c', program: 'osu_bw', args: [], higherIsBetter: true },
  { name: 'two-way-bandwidth', ranks: 2, source: 'bibw.c', program: 'osu_bibw', args: [], higherIsBetter: true },
  { name: 'multi-bandwidth', ranks: PAIRED_RANKS, source: 'mbw_mr.c', program: 'osu_mbw_mr', args: [], higherIsBetter: true },
  { name: 'barrier', ranks: 2, source: 'barrier.c', program: 'osu_barrier', args: [], higherIsBetter: false },
  { name: 'bcast', ranks: 2, source: 'bcast.c', program: 'osu_bcast', args: [], higherIsBetter: false },
  { name: 'reduce', ranks: 2, source: 'reduce.c', program: 'osu_reduce', args: [], higherIsBetter: false },
  { name: 'allreduce', ranks: 2, source: 'allreduce.c', program: 'osu_allreduce', args: [], higherIsBetter: false },
  { name: 'allreduce-8-ranks', ranks: 8, source: 'allreduce.c', program: 'osu_allreduce', args: ['8'], higherIsBetter: false },
];

interface Rival {
  name: string;
  compiler: string;
  run: (program: string, ranks: number) => [string, string[]];
  /** With more ranks than cores it only spins: measured elsewhere as thousands of microseconds, so left out here. */
  crowded: boolean;
}

const RIVALS: Rival[] = [
  { name: 'MPICH', compiler: 'mpicc.mpich', run: (program, ranks) => ['mpirun.mpich', ['-n', `${ranks}`, '-bind-to', 'core', program]], crowded: false },
  {
    name: 'Open MPI',
    compiler: 'mpicc.openmpi',
    run: (program, ranks) => [
      'mpirun.openmpi',
      ['-n', `${ranks}`, ...(ranks > cpus().length ? ['--oversubscribe'] : ['--bind-to', 'core']), program],
    ],
    crowded: true,
  },
];

/** Value by message size; 0 where there are no sizes. */
type Table = Map<number, number>;

function run(command: string, args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', env: { ...process.env, ...ROOT_ALLOWED }, stdio: ['ignore', 'pipe', 'inherit'] });
}

function parseTable(output: string): Table {
  const rows = output.split('\n').flatMap((line) => {
    const [, bytes, value] = /^(\d*)\s+([\d.]+)/.exec(line) ?? [];
    return bytes === undefined ? [] : [[Number(bytes), Number(value)] as const];
  });
  return new Map(rows);
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The rivals that are installed, compiled for a case; the others are named as absent. */
function compileRivals(test: Case, folder: string): { name: string; start: () => Table }[] {
  return RIVALS.filter((rival) => test.ranks <= cpus().length || rival.crowded).flatMap((rival) => {
    const binary = join(folder, `${test.name}.${rival.name.replace(' ', '')}`);
    try {
      execFileSync(rival.compiler, ['-O3', join(PACKAGE, 'osu-bench', 'rivals', test.source), '-o', binary], { stdio: 'ignore' });
    } catch {
      console.log(`${rival.name} is absent: ${rival.compiler} did not work (apt-get install mpich libmpich-dev openmpi-bin libopenmpi-dev)`);
      return [];
    }
    const [command, args] = rival.run(binary, test.ranks);
    return [{ name: rival.name, start: () => parseTable(run(command, [...args, ...test.args])) }];
  });
}

function zivmTable(test: Case): Table {
  const binding = test.ranks <= cpus().length ? ['--bind-to', 'core'] : [];
  const sizes = test.args.length > 0 ? ['-m', test.args[0]!] : [];
  return parseTable(run(process.execPath, [ZIVMRUN, '-n', `${test.ranks}`, ...binding, test.program, ...sizes]));
}

function compare(test: Case, rounds: number, folder: string): void {
  const sides = [{ name: 'zivm', start: () => zivmTable(test) }, ...compileRivals(test, folder)];
  const results = sides.map(() => [] as Table[]);
  for (let round = 0; round < rounds; round++) {
    sides.forEach((side, i) => results[i]!.push(side.start()));
  }
  const medians = results.map((tables) => (bytes: number) => median(tables.map((table) => table.get(bytes)!)));
  console.log(`\n# ${test.name}, ${test.ranks} ranks, ${test.higherIsBetter ? 'MB/s' : 'us'}, medians of ${rounds} rounds; in brackets zivm / rival`);
  console.log(`${'# Size'.padEnd(10)}${sides.map(({ name }) => name.padStart(20)).join('')}`);
  for (const bytes of results[0]![0]!.keys()) {
    const own = medians[0]!(bytes);
    const cells = medians.map((value, i) => {
      const text = value(bytes).toFixed(2);
      return (i === 0 ? text : `${text} (${(own / value(bytes)).toFixed(2)})`).padStart(20);
    });
    console.log(`${String(bytes).padEnd(10)}${cells.join('')}`);
  }
}

function main(): void {
  const command = new Command('compare')
    .description('Measures zivm beside MPICH and Open MPI.')
    .option('--rounds <rounds>', 'how often each side runs', (text) => Number(text), 5)
    .option('--only <case>', `one of ${CASES.map(({ name }) => name).join(', ')}`)
    .parse();
  const { rounds, only } = command.opts<{ rounds: number; only?: string }>();
  console.log(`# ${cpus()[0]!.model}, ${cpus().length} cores, Linux ${release()}, Node ${process.version}`);
  const folder = mkdtempSync(join(tmpdir(), 'zivm-compare-'));
  try {
    for (const test of CASES) if (only === undefined || only === test.name) compare(test, rounds, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

main();
