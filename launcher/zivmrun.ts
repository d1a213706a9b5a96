#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ZivmError } from '../src/errors';
import { JobRun } from './job-run';
import { Answered, parseOptions } from './options';
import { UsageError } from './usage-error';

const USAGE_ERROR = 2;

async function main(): Promise<number> {
  const { version } = JSON.parse(readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8')) as { version: string };
  try {
    return await new JobRun(parseOptions(process.argv.slice(2), version)).run();
  } catch (error) {
    if (error instanceof Answered) return 0;
    if (!(error instanceof UsageError || error instanceof ZivmError)) throw error;
    process.stderr.write(`zivmrun: ${error.message}\n`);
    return USAGE_ERROR;
  }
}

void main().then((code) => process.exit(code));
