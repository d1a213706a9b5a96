/** A file, folder or device node of an archive. */
export interface Entry {
  path: string;
  /** Type and permissions, as in stat(2). */
  mode: number;
  data?: Buffer;
  /** Major and minor number of a device. */
  device?: [number, number];
}

export const FOLDER = 0o040755;
export const PRIVATE_FILE = 0o100600;
export const PROGRAM = 0o100755;
export const CHARACTER_DEVICE = 0o020600;

const HEADER_BYTES = 110;

/** An initramfs: a cpio archive in the `newc` format (Linux, Documentation/driver-api/early-userspace/buffer-format.rst). */
export function archive(entries: readonly Entry[]): Buffer {
  const parts = [...entries, { path: 'TRAILER!!!', mode: 0 }].flatMap((entry, index) => [header(entry, index + 1), ...aligned(entry.data)]);
  return Buffer.concat(parts);
}

function header({ path, mode, data, device = [0, 0] }: Entry, inode: number): Buffer {
  const name = Buffer.from(`${path}\0`);
  const fields = [inode, mode, 0, 0, 1, 0, data?.length ?? 0, 0, 0, ...device, name.length, 0];
  const text = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  return Buffer.concat([Buffer.from(text), name, padding(HEADER_BYTES + name.length)]);
}

function aligned(data: Buffer = Buffer.alloc(0)): Buffer[] {
  return [data, padding(data.length)];
}

const padding = (length: number): Buffer => Buffer.alloc(-length & 3);
