import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { Sample, Samples, Side } from './measurement';

/*
 * How the programs of each side are run, and their tables read.
 */
export const PACKAGE = join(__dirname, '..', '..', '..');
export const ZIVMRUN = join(PACKAGE, 'dist', 'launcher', 'zivmrun.js');
const ROOT_ALLOWED = { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' };
/** Nothing takes so long that has not gone wrong. */
const LIMIT_MS = 600_000;

/** A side is not there, which is no failure. */
export class Absent extends Error {}

export function output(command: string, args: string[]): string {
  return execFileSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, ...ROOT_ALLOWED },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: LIMIT_MS,
  });
}

/**
 * Reads a table of the OSU format. A line may be followed by one that says what a flag took before it and after.
 * @param column counted from 0 behind the size; where there are no sizes, x is `x`
 */
export function parseTable(text: string, column = 0, x = 0): Samples {
  const samples: Samples = {};
  let last: Sample | undefined;
  for (const line of text.split('\n')) {
    const flag = /^# flag (\d+) (\d+) ns$/.exec(line);
    if (flag !== null && last !== undefined) last.flagNs = [Number(flag[1]), Number(flag[2])];
    if (!/^ *\d/.test(line)) continue;
    const cells = line.trim().split(/\s+/).map(Number);
    const hasSize = /^\d/.test(line);
    const value = cells[column + (hasSize ? 1 : 0)];
    if (value === undefined) continue;
    last = { value };
    (samples[hasSize ? cells[0]! : x] ??= []).push(last);
  }
  return samples;
}

/** Arguments of a bundled benchmark, each rank on a core of its own where there are enough. */
export function zivmArguments(ranks: number, program: string, args: string[]): string[] {
  return [ZIVMRUN, '-n', `${ranks}`, ...(ranks <= cpus().length ? ['--bind-to', 'core'] : []), program, ...args];
}

export function zivm(ranks: number, program: string, args: string[] = []): string {
  return output(process.execPath, zivmArguments(ranks, program, args));
}

interface MpiRival {
  name: string;
  compiler: string;
  command: string;
  args: (ranks: number) => string[];
  /** Whether it can share cores: with more ranks than cores, MPICH 4 only spins, for thousands of microseconds a call. */
  canShareCores: boolean;
}

const MPI_PACKAGES = 'mpich libmpich-dev openmpi-bin libopenmpi-dev';

const MPI: MpiRival[] = [
  { name: 'MPICH', compiler: 'mpicc.mpich', command: 'mpirun.mpich', args: () => ['-bind-to', 'core'], canShareCores: false },
  {
    name: 'Open MPI',
    compiler: 'mpicc.openmpi',
    command: 'mpirun.openmpi',
    args: (ranks) => (ranks > cpus().length ? ['--oversubscribe'] : ['--bind-to', 'core']),
    canShareCores: true,
  },
];

const COMPILED = new Set<string>();

/** Compiles a program in C, once. @param packages that have the compiler @throws Absent when it is, Error when it fails */
function compiled(compiler: string, packages: string, source: string, folder: string): string {
  const binary = join(folder, `${source}.${compiler}`);
  if (!COMPILED.has(binary)) {
    try {
      execFileSync(compiler, ['-O3', join(PACKAGE, 'osu-bench', 'rivals', source), '-o', binary], { stdio: ['ignore', 'ignore', 'pipe'] });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
      throw new Absent(`${compiler} is not installed (apt-get install ${packages})`, { cause });
    }
    COMPILED.add(binary);
  }
  return binary;
}

/** The limit that a bare loop in C sets. */
export function limitSide(name: string, what: 'latency' | 'bandwidth', folder: string, read: (text: string) => Samples): Side {
  return { name, run: () => read(output(compiled('cc', 'gcc', 'limit.c', folder), [what])) };
}

/**
 * MPICH and Open MPI in C, running the loop of `source`.
 * @param rankCounts what they are run with; those that a rival cannot run with are left out
 * @param read makes the samples out of runs with these numbers of ranks
 */
export function mpiSides(source: string, folder: string, rankCounts: number[], read: (run: (ranks: number, args?: string[]) => string, counts: number[]) => Samples): Side[] {
  return MPI.map((rival) => ({
    name: rival.name,
    run: () => {
      const counts = rankCounts.filter((count) => count <= cpus().length || rival.canShareCores);
      if (counts.length === 0) throw new Absent('it only spins with more ranks than cores');
      const binary = compiled(rival.compiler, MPI_PACKAGES, source, folder);
      return read((count, args = []) => output(rival.command, ['-n', `${count}`, ...rival.args(count), binary, ...args]), counts);
    },
  }));
}
