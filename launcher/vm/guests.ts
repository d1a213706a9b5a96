import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { ZivmError } from '../../src/errors';
import { checked, native } from '../../src/native';
import { HostRegion } from '../../src/region/host-region';
import type { SharedMemoryServer } from '../server';
import { Guest } from './guest';
import { makeInitramfs } from './initramfs';
import { findKernel } from './kernel';
import { makeNetwork, type Network } from './network';
import { PMEM_MODULES } from './pmem';
import { Pool } from './pool';
import { AgentSession } from './session';
import { SharedRegion } from './shared-region';
import { unpackedKernel } from './vmlinux';

const AGENT_FILE = join(__dirname, '..', 'zivm-agent.js');
const KEY_BYTES = 32;
/** What a kernel and an agent need beside the initramfs, which is there twice while it is unpacked. */
const SYSTEM_MIB = 96;
/** How often the table of agents is looked at while guests boot. */
const LOOK_MS = 50;

/** What the command line asks for about virtual machines. */
export interface GuestsOptions {
  count: number;
  memoryMiB: number;
  cpus: number;
  accel: 'kvm' | 'tcg';
  kernel: string | undefined;
  /** Folders that guests may write to. */
  shares: string[];
  /** How they have the shared memory: in the BAR of the ivshmem device, or as persistent memory. */
  memory: 'bar' | 'pmem';
  /** Whether they get a network between them. */
  network: boolean;
}

/** The virtual machines of one job. */
export class Guests {
  readonly #guests: Guest[];
  readonly #region: SharedRegion;
  readonly #pool: Pool;
  readonly #network: Network | undefined;
  readonly #key = randomBytes(KEY_BYTES);
  /** Their IDs at the server, ascending. */
  readonly #ids: number[];
  #sessions: AgentSession[] = [];

  /** Boots them. @throws ZivmError `ERR_ZIVM_LAUNCH` */
  constructor(server: SharedMemoryServer, options: GuestsOptions, vectors: number) {
    const kernel = findKernel(options.kernel);
    const unpacked = unpackedKernel(kernel.image);
    this.#pool = Pool.format(server.memory, options.count);
    server.whenLeft((id) => {
      this.#pool.clientLeft(id, (client, slot) => server.ring(client, slot));
      for (const session of this.#sessions) session.clientLeft(id);
    });
    // Before the guests: it reads what the server has to say while the server, which is this process, cannot write.
    this.#region = new SharedRegion(new HostRegion(server.connect().socket));
    const isPmem = options.memory === 'pmem';
    const clients = Array.from({ length: options.count }, () => server.connect());
    this.#ids = clients.map(({ id }) => id);
    const shares = options.shares.map((folder, index) => ({ tag: `share${index}`, folder }));
    const settings = { node: process.execPath, agent: AGENT_FILE, key: this.#key, shares, modules: [...(options.network ? ['virtio_net'] : []), ...(isPmem ? PMEM_MODULES : [])] };
    const { accel, memoryMiB, cpus } = options;
    const archive = makeInitramfs(kernel, settings);
    checkMemory(memoryMiB, archive.length);
    const initramfs = inMemory(archive);
    this.#network = options.network ? makeNetwork(options.count, accel) : undefined;
    const machine = { kernel: unpacked ?? kernel.image, isUnpacked: unpacked !== undefined, accel, memoryMiB, cpus, vectors, iommu: true, shares };
    const { descriptor, offset, byteLength } = server.file;
    const memory = isPmem ? { descriptor, byteLength: offset + byteLength } : undefined;
    this.#guests = clients.map(({ socket }, index) => new Guest({ index, machine, port: this.#network?.ports[index], memory, initramfs, socket }));
    native.closeDescriptor(initramfs);
  }

  /** Waits for their agents. @returns a session with each @throws ZivmError `ERR_ZIVM_LAUNCH` when a guest does not come up */
  async sessions(): Promise<AgentSession[]> {
    const timer = setInterval(() => {
      for (const { peer } of this.#pool.readyAgents()) this.#guests[this.#ids.indexOf(peer)]?.isUp();
    }, LOOK_MS);
    try {
      await Promise.all(this.#guests.map((guest) => guest.ready));
    } finally {
      clearInterval(timer);
    }
    const agents = new Map(this.#pool.readyAgents().map((agent) => [agent.peer, agent]));
    this.#sessions = await Promise.all(
      this.#guests.map(async (guest, index) => {
        const agent = agents.get(this.#ids[index]!);
        if (agent === undefined) throw guest.failure('ended while others came up');
        try {
          return (await AgentSession.open(this.#region, this.#pool, agent, this.#key))!;
        } catch (cause) {
          throw guest.failure('went away while it was spoken to', cause);
        }
      }),
    );
    return this.#sessions;
  }

  /** What the network between them is made of, if there is one. */
  get networkKind(): string | undefined {
    return this.#network?.kind;
  }

  /** Takes all of them down. */
  async stop(): Promise<void> {
    for (const guest of this.#guests) guest.stop();
    await Promise.all(this.#guests.map((guest) => guest.ended));
    this.#network?.close();
    this.#region.close();
  }
}

/** Bytes as a file that has no name, so that nothing is left behind. @returns its descriptor */
function inMemory(bytes: Buffer): number {
  const descriptor = checked(native.createMemory(bytes.length), 'making a file in memory');
  new Uint8Array(checked<ArrayBuffer>(native.mapMemory(descriptor, bytes.length), 'mapping it')).set(bytes);
  return descriptor;
}

function checkMemory(memoryMiB: number, initramfsBytes: number): void {
  const least = Math.ceil((2 * initramfsBytes) / 2 ** 20) + SYSTEM_MIB;
  if (memoryMiB < least) throw new ZivmError('ERR_ZIVM_LAUNCH', `--vm-memory ${memoryMiB}M is too little for a machine, which gets a copy of Node: give at least ${least}M`);
}
