import { closeSync, openSync } from 'node:fs';
import { ZivmError } from '../errors';
import { checked, native } from '../native';

/*
 * Machines may have the shared memory as persistent memory, in place of the BAR of their ivshmem device (device DAX).
 * The device has to have some memory all the same: one page, in which processes on the host find the name of the file.
 */

/** Bytes of that page. No region is so small. */
export const PLACEHOLDER_BYTES = 4096;

/** Where the region begins in the file; what is before it is the kernel's of the machines. */
export const PMEM_HEADER_BYTES = 2 << 20;

/** Writes the name of the file into the page. */
export function nameFile(page: ArrayBuffer, path: string): void {
  new Uint8Array(page).set(new TextEncoder().encode(path));
}

/** Maps the region of the file that the page names. @throws ZivmError `ERR_ZIVM_LAUNCH` */
export function mapNamedFile(page: ArrayBuffer): ArrayBuffer {
  const bytes = new Uint8Array(page);
  const path = new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
  try {
    const file = openSync(path, 'r+');
    try {
      const byteLength = checked(native.memorySize(file), 'asking for the size of the region') - PMEM_HEADER_BYTES;
      return checked<ArrayBuffer>(native.mapMemory(file, byteLength, PMEM_HEADER_BYTES), 'mapping the region');
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw new ZivmError('ERR_ZIVM_LAUNCH', `cannot use ${path}, the file of the shared memory: ${(cause as Error).message}`, { cause });
  }
}
