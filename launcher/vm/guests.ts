import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { checked, native } from '../../src/native';
import { HostRegion } from '../../src/region/host-region';
import type { Exit, Rank } from '../rank-process';
import type { SharedMemoryServer } from '../server';
import { AGENT, CHANNEL_BYTES, CHANNEL_RANKS, LAUNCHER, openChannel, type RankOrder } from './channel';
import { Guest } from './guest';
import { makeInitramfs } from './initramfs';
import { findKernel } from './kernel';
import { unpackedKernel } from './vmlinux';
import { SharedRegion } from './shared-region';

const AGENT_FILE = join(__dirname, 'agent.js');
/** The agent's doorbell; those of the ranks of its guest follow. */
const AGENT_SLOT = 0;
const FIRST_RANK_SLOT = 1;

/** What the command line asks for about virtual machines. */
export interface GuestsOptions {
  count: number;
  memoryMiB: number;
  cpus: number;
  accel: 'kvm' | 'tcg';
  kernel: string | undefined;
  /** Folders that guests may write to. */
  shares: string[];
}

/** Room for the channels at the beginning of the region; the job's part follows. */
export const channelBytes = (guests: number): number => guests * CHANNEL_BYTES;

/** Doorbells that each client of the server needs. */
export const vectorsFor = (ranksPerGuest: number): number => FIRST_RANK_SLOT + ranksPerGuest;

/** The doorbell of a rank, by its place in its guest. */
export const slotOf = (place: number): number => FIRST_RANK_SLOT + place;

/** The virtual machines of a job. */
export class Guests {
  readonly #guests: Guest[];
  readonly #region: SharedRegion;
  /** Server IDs, one for each guest, ascending. */
  readonly ids: number[];

  /** Boots them. @throws ZivmError `ERR_ZIVM_LAUNCH` */
  constructor(server: SharedMemoryServer, options: GuestsOptions, vectors: number) {
    const kernel = findKernel(options.kernel);
    const unpacked = unpackedKernel(kernel.image);
    const shares = options.shares.map((folder, index) => ({ tag: `share${index}`, folder }));
    const clients = Array.from({ length: options.count }, () => server.connect());
    this.ids = clients.map(({ id }) => id);
    const own = server.connect();
    this.#region = new SharedRegion(new HostRegion(own.socket));
    this.#guests = clients.map(({ id, socket }, index) => {
      const offset = index * CHANNEL_BYTES;
      const part = server.addPart(offset, CHANNEL_BYTES, CHANNEL_RANKS, () => undefined);
      part.assign(LAUNCHER, own.id, AGENT_SLOT);
      part.assign(AGENT, id, AGENT_SLOT);
      const settings = { node: process.execPath, agent: AGENT_FILE, agentArgs: [`${vectors}`, `${offset}`], shares, address: undefined };
      const initramfs = inMemory(makeInitramfs(kernel, settings));
      const guest = new Guest({
        index,
        machine: { kernel: unpacked ?? kernel.image, isUnpacked: unpacked !== undefined, accel: options.accel, memoryMiB: options.memoryMiB, cpus: options.cpus, vectors, shares, networkArgs: [] },
        initramfs,
        socket,
        channel: openChannel(this.#region, offset, LAUNCHER),
      });
      native.closeDescriptor(initramfs);
      return guest;
    });
  }

  /** Resolves when all are up. @throws ZivmError `ERR_ZIVM_LAUNCH` */
  async ready(): Promise<void> {
    await Promise.all(this.#guests.map((guest) => guest.ready));
  }

  /** Starts the ranks of one guest. */
  start(guest: number, orders: RankOrder[], part: string, stdin: Readable, onExit: (rank: number, exit: Exit) => void): Rank[] {
    return this.#guests[guest]!.start(orders, part, stdin, onExit);
  }

  /** Takes all of them down. */
  async stop(): Promise<void> {
    for (const guest of this.#guests) guest.stop();
    await Promise.all(this.#guests.map((guest) => guest.ended));
    this.#region.close();
  }
}

/** Bytes as a file that has no name, so that nothing is left behind. @returns its descriptor */
function inMemory(bytes: Buffer): number {
  const descriptor = checked(native.createMemory(bytes.length), 'making a file in memory');
  new Uint8Array(checked<ArrayBuffer>(native.mapMemory(descriptor, bytes.length), 'mapping it')).set(bytes);
  return descriptor;
}
