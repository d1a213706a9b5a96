import { type Command, CommanderError, InvalidArgumentError } from 'commander';
import { MAX_REGION_BYTES } from '../src/ring/layout';
import { UsageError } from './usage-error';

/** Help or the version was asked for, and has been printed. */
export class Answered extends Error {}

/** @throws UsageError for what the command cannot understand; Answered after --help and --version */
export function parseCommandLine(command: Command, args: string[]): void {
  try {
    command.exitOverride().configureOutput({ writeErr: () => undefined }).parse(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) throw new Answered();
    throw new UsageError(`${error.message.replace(/^error: /, '')} (see ${command.name()} --help)`);
  }
}

export function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1) throw new InvalidArgumentError('It must be a whole number, 1 or more.');
  return count;
}

/** Bytes of a size such as 64M, rounded up to a power of two, which the device requires. */
export function parseSize(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([KMG]?)i?B?$/i.exec(text) ?? [];
  if (digits === undefined) throw new InvalidArgumentError('It must be a size such as 64M or 1G.');
  const bytes = Number(digits) * 1024 ** ' KMG'.indexOf((unit || ' ').toUpperCase());
  if (bytes > MAX_REGION_BYTES) throw new InvalidArgumentError('It must be at most 4G.');
  return bytes < 1 ? 0 : 2 ** Math.ceil(Math.log2(bytes));
}
