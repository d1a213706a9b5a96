import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { compiled } from './compiled';

const ZIVMRUN = join(__dirname, '../../dist/launcher/zivmrun.js');
/** Watchdog of zivmrun: it ends a job that hangs, and says which ranks were still running. */
const TIMEOUT_S = 100;

export interface RunOptions {
  /** Arguments of the program. */
  args?: readonly string[];
  /** Arguments of zivmrun, before the program. */
  launcherArgs?: readonly string[];
  timeoutSeconds?: number;
}

/** How a job ended, and everything that it wrote. */
export interface RunResult {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs a program as `rankCount` ranks, as real processes, and reports how that ended, failures included.
 * @param program a program of the tests, or the name of a benchmark
 */
export function runJob(rankCount: number, program: string, options: RunOptions = {}): Promise<RunResult> {
  const { args = [], launcherArgs = [], timeoutSeconds = TIMEOUT_S } = options;
  const child = spawn(
    process.execPath,
    [ZIVMRUN, '-n', String(rankCount), '--timeout', String(timeoutSeconds), ...launcherArgs, program.endsWith('.ts') ? compiled(program) : program, ...args],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const stdout: string[] = [];
  const stderr: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => stdout.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => stderr.push(text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, stdout: stdout.join(''), stderr: stderr.join('') }));
  });
}

/** As `runJob`, for a job that must succeed: fails with everything it wrote when it does not. */
export async function runRanks(rankCount: number, program: string, options: RunOptions = {}): Promise<RunResult> {
  const result = await runJob(rankCount, program, options);
  if (result.exitCode !== 0) {
    const call = [program, ...(options.args ?? [])].join(' ');
    throw new Error(`${rankCount} ranks of ${call} ended with ${result.exitCode}:\n${result.stdout}${result.stderr}`);
  }
  return result;
}
