import { closeSync, existsSync, ftruncateSync, openSync, readSync, rmSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { ZivmError } from '../../src/errors';
import { checked, EAGAIN, native } from '../../src/native';
import { nameDescriptor, PLACEHOLDER_BYTES, PMEM_HEADER_BYTES } from '../../src/region/placeholder';
import type { RegionFile } from '../region-file';

/*
 * The shared memory as persistent memory of a guest, in place of the BAR of its ivshmem device: then it is mapped
 * write-back on every host. QEMU shows a file as an NVDIMM; an info block at its beginning, which the host writes, makes
 * it a device that programs map (/dev/dax0.0), without tools in the guest.
 */

/** Modules of the guest's kernel, in the order in which they find the device. */
export const PMEM_MODULES = ['nfit', 'virtio_pmem', 'nd_pmem', 'dax_pmem', 'device_dax'];

const INFO_BLOCK_OFFSET = 4096;
const INFO_BLOCK_BYTES = 4096;
const PAGE_BYTES = 4096;
/** Page structures in the guest's own memory: on the device, guests would write theirs over each other's. */
const MODE_RAM = 1;

// Offsets in `struct nd_pfn_sb` (Linux, drivers/nvdimm/pfn.h), version 1.4.
const SIGNATURE = 0;
const UUID = 16;
const VERSION_MAJOR = 52;
const VERSION_MINOR = 54;
const DATA_OFFSET = 56;
const PAGES = 64;
const MODE = 72;
const ALIGNMENT = 84;
const PAGE_SIZE = 88;
const PAGE_STRUCT_SIZE = 92;
const CHECKSUM = INFO_BLOCK_BYTES - 8;

/** Files of persistent memory that zivm has made have this in their info block; any name but zero will do for Linux. */
const NAME = 'zivm shared mem.';

/**
 * Makes a file of persistent memory.
 * @param path where; without, it has no name, as long as this process lives
 * @throws ZivmError `ERR_ZIVM_NO_SPACE`; `ERR_ZIVM_LAUNCH` when it cannot be made there: another file is there, or a server uses it
 */
export function pmemFile(byteLength: number, path?: string): RegionFile {
  const wholeLength = PMEM_HEADER_BYTES + byteLength;
  const descriptor = path === undefined ? checked(native.createMemory(wholeLength), 'making the shared memory') : createFile(path, wholeLength);
  writeInfoBlock(checked<ArrayBuffer>(native.mapMemory(descriptor, PMEM_HEADER_BYTES), 'mapping the header of the shared memory'), byteLength);
  const given = checked(native.createMemory(PLACEHOLDER_BYTES), 'making the memory of a BAR');
  nameDescriptor(checked<ArrayBuffer>(native.mapMemory(given, PLACEHOLDER_BYTES), 'mapping it'), descriptor);
  return { descriptor, offset: PMEM_HEADER_BYTES, byteLength, given };
}

/** In place of a file that a server has left behind, but of no other. The file is locked as long as this process lives. */
function createFile(path: string, byteLength: number): number {
  try {
    if (existsSync(path)) removeLeftBehind(path);
    const { bavail, bsize } = statfsSync(dirname(path));
    // Its pages are taken when they are touched, and if there are none then, who touches them is killed.
    if (byteLength > bavail * bsize) {
      throw new ZivmError('ERR_ZIVM_NO_SPACE', `${dirname(path)} has ${Math.floor((bavail * bsize) / 2 ** 20)} MiB free, the file needs ${byteLength / 2 ** 20}: give a smaller --size`);
    }
    const descriptor = openSync(path, 'wx+', 0o600);
    checked(native.lockFile(descriptor), 'locking it');
    ftruncateSync(descriptor, byteLength);
    return descriptor;
  } catch (cause) {
    if (cause instanceof ZivmError) throw cause;
    throw new ZivmError('ERR_ZIVM_LAUNCH', `cannot make ${path}: ${(cause as Error).message}`, { cause });
  }
}

function removeLeftBehind(path: string): void {
  const file = openSync(path, 'r');
  try {
    const name = Buffer.alloc(NAME.length);
    readSync(file, name, 0, name.length, INFO_BLOCK_OFFSET + UUID);
    if (name.toString('latin1') !== NAME) {
      throw new ZivmError('ERR_ZIVM_LAUNCH', `${path} is there already, and is no shared memory of zivm: name another file`);
    }
    const locked = native.lockFile(file);
    if (locked === EAGAIN) throw new ZivmError('ERR_ZIVM_LAUNCH', `${path} is the memory of another server, which runs: name another file`);
    checked(locked, 'locking it');
    rmSync(path);
  } finally {
    closeSync(file);
  }
}

/** Writes the info block into the header of a file. @param header its first PMEM_HEADER_BYTES @param memoryBytes what follows */
function writeInfoBlock(header: ArrayBuffer, memoryBytes: number): void {
  const block = new DataView(header, INFO_BLOCK_OFFSET, INFO_BLOCK_BYTES);
  Buffer.from(header, INFO_BLOCK_OFFSET).write('NVDIMM_DAX_INFO\0', SIGNATURE, 'latin1');
  Buffer.from(header, INFO_BLOCK_OFFSET).write(NAME, UUID, 'latin1');
  block.setUint16(VERSION_MAJOR, 1, true);
  block.setUint16(VERSION_MINOR, 4, true);
  block.setBigUint64(DATA_OFFSET, BigInt(PMEM_HEADER_BYTES), true);
  block.setBigUint64(PAGES, BigInt(memoryBytes / PAGE_BYTES), true);
  block.setUint32(MODE, MODE_RAM, true);
  block.setUint32(ALIGNMENT, PMEM_HEADER_BYTES, true);
  block.setUint32(PAGE_SIZE, PAGE_BYTES, true);
  block.setUint16(PAGE_STRUCT_SIZE, 64, true);
  block.setBigUint64(CHECKSUM, fletcher64(block), true);
}

/** Fletcher's checksum of the words before it, as Linux computes it (lib nd_fletcher64). */
function fletcher64(block: DataView): bigint {
  let low = 0;
  let high = 0n;
  for (let at = 0; at < block.byteLength; at += 4) {
    low = (low + (at < CHECKSUM ? block.getUint32(at, true) : 0)) >>> 0;
    high += BigInt(low);
  }
  return BigInt.asUintN(64, (high << 32n) | BigInt(low));
}
