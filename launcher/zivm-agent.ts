#!/usr/bin/env node
import { Command } from 'commander';
import { ZivmError } from '../src/errors';
import { Agent } from './vm/agent';
import { readKey } from './vm/seal';

/*
 * zivm-agent runs in each virtual machine of a shared region, as root, and starts ranks for `zivmrun --attach`.
 */
const command = new Command('zivm-agent')
  .description('Starts ranks in this virtual machine for zivmrun on the host. Needs root, and an ivshmem device.')
  .requiredOption('--key <file>', 'the key that launchers must hold too')
  .parse();

async function main(): Promise<void> {
  try {
    await new Agent(readKey(command.opts<{ key: string }>().key)).run();
  } catch (error) {
    if (!(error instanceof ZivmError)) throw error;
    process.stderr.write(`zivm-agent: ${error.message}\n`);
    process.exit(1);
  }
}

void main();
