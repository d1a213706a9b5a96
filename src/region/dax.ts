import { existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const DAX_DEVICES = '/sys/bus/dax/devices';

/** Shared memory that a virtual machine has as persistent memory (Linux, device DAX): mapped write-back on every host. */
export interface DaxMemory {
  descriptor: number;
  byteLength: number;
}

/** Opens the persistent memory of this machine, if it has some. */
export function openDax(): DaxMemory | undefined {
  if (!existsSync(DAX_DEVICES)) return undefined;
  const [name] = readdirSync(DAX_DEVICES).sort();
  if (name === undefined) return undefined;
  return { descriptor: openSync(join('/dev', name), 'r+'), byteLength: Number(readFileSync(join(DAX_DEVICES, name, 'size'), 'utf8')) };
}
