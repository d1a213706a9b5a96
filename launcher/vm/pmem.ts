/*
 * The shared memory as persistent memory of a guest, in place of the BAR of its ivshmem device: then it is mapped
 * write-back on every host. QEMU shows a file as an NVDIMM; an info block at its beginning, which the host writes, makes
 * it a device that programs map (/dev/dax0.0), without tools in the guest.
 */

/** Where the memory begins in the file; what is before it is the guest kernel's, and holds the info block. */
export const PMEM_HEADER_BYTES = 2 << 20;

/** The ivshmem device has to have some memory all the same. */
export const PLACEHOLDER_BAR_BYTES = 4096;

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

/** Writes the info block into the header of a file. @param header its first PMEM_HEADER_BYTES @param memoryBytes what follows */
export function writeInfoBlock(header: ArrayBuffer, memoryBytes: number): void {
  const block = new DataView(header, INFO_BLOCK_OFFSET, INFO_BLOCK_BYTES);
  Buffer.from(header, INFO_BLOCK_OFFSET).write('NVDIMM_DAX_INFO\0', SIGNATURE, 'latin1');
  Buffer.from(header, INFO_BLOCK_OFFSET).write('zivm shared mem.', UUID, 'latin1'); // any but zero
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
