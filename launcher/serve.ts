import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { parseCommandLine, parseCount, parseSize } from './arguments';
import { memoryFile } from './region-file';
import { makeRoomFor, SharedMemoryServer } from './server';
import { pmemFile } from './vm/pmem';
import { Pool } from './vm/pool';
import { pmemArguments } from './vm/qemu';

const DEFAULT_SIZE = '256M';
const DEFAULT_VECTORS = 9;
const MAX_VECTORS = 255;
const DEFAULT_MACHINES = 16;

function parseVectors(text: string): number {
  const vectors = parseCount(text);
  if (vectors > MAX_VECTORS) throw new InvalidArgumentError(`It must be at most ${MAX_VECTORS}.`);
  return vectors;
}

/** `zivmrun server`: serves virtual machines that others start, and launchers, until it is ended. @returns its exit code */
export async function serve(args: string[]): Promise<number> {
  const command = new Command('zivmrun server')
    .description('Serves shared memory to virtual machines that you start yourself, until it is ended by a signal.')
    .requiredOption('--socket <path>', 'where QEMU, and zivmrun --attach, connect')
    .option('--size <size>', 'of the shared memory, rounded up to a power of two', parseSize, parseSize(DEFAULT_SIZE))
    .option('--vectors <number>', 'interrupts of each device: one for the agent, and one for each rank in its machine', parseVectors, DEFAULT_VECTORS)
    .option('--pmem <file>', 'give machines the memory as persistent memory, in this file, which is made: it belongs into /dev/shm')
    .option('--machines <number>', 'at most so many machines at a time', parseCount, DEFAULT_MACHINES);
  parseCommandLine(command, args);
  const { socket, size, vectors, pmem, machines } = command.opts<{ socket: string; size: number; vectors: number; pmem?: string; machines: number }>();
  makeRoomFor(socket);
  const path = pmem === undefined ? undefined : resolve(pmem);
  const file = path === undefined ? memoryFile(size) : pmemFile(size, path);
  const made = path === undefined ? [] : [path];
  // Before anyone can know that it serves: a signal that came earlier would leave its files behind.
  const ended = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
  });
  try {
    const server = new SharedMemoryServer(file, null, vectors);
    const pool = Pool.format(server.memory, machines);
    server.whenLeft((id) => pool.clientLeft(id, (client, slot) => server.ring(client, slot)));
    server.listen(socket);
    made.push(socket);
    const devices = [`-chardev socket,id=zivm,path=${socket} -device ivshmem-doorbell,chardev=zivm,vectors=${vectors}`];
    if (path !== undefined) devices.push(...pmemArguments({ path, byteLength: file.offset + file.byteLength }));
    console.log(`serving ${size / 2 ** 20} MiB on ${socket}; QEMU: ${devices.join(' ')}`);
    await ended;
    server.close();
  } finally {
    for (const path of made) rmSync(path, { force: true });
  }
  return 0;
}
