import { closeSync, openSync } from 'node:fs';
import { ZivmError } from '../errors';
import { checked, native } from '../native';

/*
 * Machines may have the shared memory as persistent memory, in place of the BAR of their ivshmem device (device DAX).
 * The device has to have some memory all the same: one page, in which processes on the host find which of the server's
 * descriptors is the file.
 */

/** Bytes of that page. No region is so small. */
export const PLACEHOLDER_BYTES = 4096;

/** Where the region begins in the file; what is before it is the kernel's of the machines. */
export const PMEM_HEADER_BYTES = 2 << 20;

/** Writes into the page which descriptor of the server is the file. */
export function nameDescriptor(page: ArrayBuffer, descriptor: number): void {
  new Int32Array(page)[0] = descriptor;
}

/**
 * Maps the region of the file that the page names.
 *
 * Machines can write to the page. So it holds no path, with which one of them could have any file of this host mapped:
 * only what the server itself has open is looked at, and only a file as long as a region can be is taken.
 * @param server process of the server
 * @throws ZivmError `ERR_ZIVM_LAUNCH`
 */
export function mapNamedFile(page: ArrayBuffer, server: number): ArrayBuffer {
  const path = `/proc/${server}/fd/${new Int32Array(page)[0]}`;
  try {
    const file = openSync(path, 'r+');
    try {
      const byteLength = checked(native.memorySize(file), 'asking for the size of the region') - PMEM_HEADER_BYTES;
      if (!Number.isInteger(Math.log2(byteLength))) throw new Error('it is no such file');
      return checked<ArrayBuffer>(native.mapMemory(file, byteLength, PMEM_HEADER_BYTES), 'mapping the region');
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw new ZivmError(
      'ERR_ZIVM_LAUNCH',
      `cannot use the file of the shared memory (${path}): ${(cause as Error).message}. Only the user who runs the server, and root, may`,
      { cause },
    );
  }
}
