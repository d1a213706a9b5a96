#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ZivmError } from '../src/errors';
import { Answered } from './arguments';
import { JobRun } from './job-run';
import { parseOptions } from './options';
import { serve } from './serve';
import { UsageError } from './usage-error';
import { doctor } from './vm/doctor';
import { setup } from './vm/setup';

const USAGE_ERROR = 2;

/** What zivmrun does beside running jobs. */
const COMMANDS: Record<string, ((args: string[]) => number | Promise<number>) | undefined> = {
  doctor,
  server: serve,
  setup: () => {
    setup();
    return 0;
  },
};

/** Who reads help, or what the doctor says, may stop before its end: `zivmrun --help | head -3`. */
function mayBeLeft(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

async function main(): Promise<number> {
  process.stdout.on('error', mayBeLeft);
  const { version } = JSON.parse(readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8')) as { version: string };
  try {
    const command = COMMANDS[process.argv[2] ?? ''];
    if (command !== undefined) return await command(process.argv.slice(3));
    const options = parseOptions(process.argv.slice(2), version);
    process.stdout.off('error', mayBeLeft); // a job ends when nobody reads its output
    return await new JobRun(options).run();
  } catch (error) {
    if (error instanceof Answered) return 0;
    if (!(error instanceof UsageError || error instanceof ZivmError)) throw error;
    process.stderr.write(`zivmrun: ${error.message}\n`);
    return USAGE_ERROR;
  }
}

void main().then((code) => process.exit(code));
