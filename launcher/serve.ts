import { rmSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { parseCommandLine, parseCount, parseSize } from './arguments';
import { SharedMemoryServer } from './server';
import { Pool } from './vm/pool';

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
    .option('--machines <number>', 'at most so many machines at a time', parseCount, DEFAULT_MACHINES);
  parseCommandLine(command, args);
  const { socket, size, vectors, machines } = command.opts<{ socket: string; size: number; vectors: number; machines: number }>();
  const server = new SharedMemoryServer(size, 0, vectors);
  const pool = Pool.format(server.memory, machines);
  server.whenLeft((id) => pool.clientLeft(id, (client, slot) => server.ring(client, slot)));
  server.listen(socket);
  console.log(`serving ${size / 2 ** 20} MiB on ${socket}; QEMU: -chardev socket,id=zivm,path=${socket} -device ivshmem-doorbell,chardev=zivm,vectors=${vectors}`);
  await new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
  });
  server.close();
  rmSync(socket, { force: true });
  return 0;
}
