import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cacheFolder } from './kernel';

/** How the payloads of a kernel image begin, and what unpacks them. */
const PACKERS = [
  { magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]), command: 'xz', args: ['-dc', '--single-stream'] },
  { magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), command: 'zstd', args: ['-dc'] },
  { magic: Buffer.from([0x1f, 0x8b, 0x08]), command: 'gzip', args: ['-dc'] },
];
const ELF = Buffer.from('\x7fELF', 'latin1');
const MAX_BYTES = 1 << 30;

/**
 * The kernel inside a compressed image, unpacked once and kept: a guest under emulation would take seconds to unpack it
 * at each boot. QEMU starts it through its PVH entry.
 * @returns undefined when it cannot be unpacked; the image itself boots as well, only later
 */
export function unpackedKernel(image: string): string | undefined {
  const file = join(cacheFolder(), `vmlinux-${basename(image).replace(/^vmlinuz-/, '')}`);
  if (existsSync(file)) return file;
  const bytes = readFileSync(image);
  for (const { magic, command, args } of PACKERS) {
    const start = bytes.indexOf(magic);
    if (start < 0) continue;
    const kernel = unpack(command, args, bytes.subarray(start));
    if (kernel === undefined) continue;
    mkdirSync(cacheFolder(), { recursive: true });
    writeFileSync(`${file}.${process.pid}`, kernel);
    renameSync(`${file}.${process.pid}`, file); // whoever looks sees all of it or nothing
    return file;
  }
  return undefined;
}

function unpack(command: string, args: string[], input: Buffer): Buffer | undefined {
  try {
    const output = execFileSync(command, args, { input, maxBuffer: MAX_BYTES, stdio: ['pipe', 'pipe', 'ignore'] });
    return output.subarray(0, ELF.length).equals(ELF) ? output : undefined;
  } catch {
    return undefined; // the packer is not installed, or these bytes only look like its format
  }
}
