import { existsSync, readdirSync, statSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from './usage-error';

/** Node runs these as they are. */
const JAVASCRIPT = ['.js', '.mjs', '.cjs'];
/** These are compiled by esbuild as they are loaded. */
const TYPESCRIPT = ['.ts', '.mts', '.cts'];

const BENCHMARKS = join(__dirname, '..', 'osu-bench');

/** The benchmarks that come with zivm: they are called by name. */
export function benchmarkNames(): string[] {
  if (!existsSync(BENCHMARKS)) return [];
  return readdirSync(BENCHMARKS)
    .filter((file) => /^osu_\w+\.js$/.test(file))
    .map((file) => file.slice(0, -'.js'.length));
}

/** A program that can be started: its file, and what Node needs to run it. */
export interface Program {
  file: string;
  nodeOptions: string[];
}

/** @returns the folder @throws UsageError when it is none */
export function checkFolder(option: string, folder: string): string {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw new UsageError(`${option} ${folder}: there is no such folder`);
  return folder;
}

/** Finds the program that the command line names. @param folder the working directory of the rank @throws UsageError */
export function findProgram(name: string, folder: string): Program {
  checkFolder('--wdir', folder);
  const file = resolve(folder, name);
  if (!existsSync(file)) {
    if (!name.includes('/') && benchmarkNames().includes(name)) {
      return { file: join(BENCHMARKS, `${name}.js`), nodeOptions: [] };
    }
    throw new UsageError(
      `program not found: ${name} (no such file in ${folder}, and no bundled benchmark: ${benchmarkNames().join(', ')})`,
    );
  }
  if (!statSync(file).isFile()) throw new UsageError(`${name} is not a file: name the program in it`);
  const extension = extname(file);
  if (JAVASCRIPT.includes(extension)) return { file, nodeOptions: [] };
  if (TYPESCRIPT.includes(extension)) {
    return { file, nodeOptions: ['--import', pathToFileURL(require.resolve('tsx')).href] };
  }
  throw new UsageError(
    `cannot run ${name}: a program is a ${[...TYPESCRIPT, ...JAVASCRIPT].join(', ')} file; to run another command, start it from such a file`,
  );
}
