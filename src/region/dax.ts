import { existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ZivmError } from '../errors';

const DAX_DEVICES = '/sys/bus/dax/devices';

/** Shared memory that a virtual machine has as persistent memory (Linux, device DAX): mapped write-back on every host. */
export interface DaxMemory {
  descriptor: number;
  byteLength: number;
}

/** Opens the persistent memory of this machine. @throws ZivmError `ERR_ZIVM_LAUNCH` when it has none */
export function openDax(): DaxMemory {
  const sizeOf = (name: string): number => Number(readFileSync(join(DAX_DEVICES, name, 'size'), 'utf8'));
  const names = existsSync(DAX_DEVICES) ? readdirSync(DAX_DEVICES).sort() : [];
  const name = names.find((name) => sizeOf(name) > 0);
  if (name === undefined) {
    throw new ZivmError('ERR_ZIVM_LAUNCH', `the ivshmem device has no memory of its own, and the machine no persistent memory (${DAX_DEVICES}) in its place`);
  }
  return { descriptor: openSync(join('/dev', name), 'r+'), byteLength: sizeOf(name) };
}
