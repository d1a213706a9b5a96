import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chooseAccel } from '../../../launcher/vm/accel';
import { makeInitramfs } from '../../../launcher/vm/initramfs';
import { findKernel } from '../../../launcher/vm/kernel';
import { PMEM_MODULES } from '../../../launcher/vm/pmem';
import { Pool } from '../../../launcher/vm/pool';
import { qemuArguments } from '../../../launcher/vm/qemu';
import { unpackedKernel } from '../../../launcher/vm/vmlinux';
import { checked, native } from '../../../src/native';
import { HostRegion } from '../../../src/region/host-region';
import { PMEM_HEADER_BYTES } from '../../../src/region/placeholder';
import { type Outcome, startZivmrun, type StartOptions, TestProcess, until } from '../../support/launcher';
import { GUEST_WATCHDOG_MS } from './guests';

const AGENT = join(__dirname, '../../../dist/launcher/zivm-agent.js');
const VECTORS = 5;
const REGION_BYTES = 128 << 20;

/** What an operator sets up: a server, a key, and virtual machines started by hand, with an agent in each. */
export class Site {
  readonly #folder = mkdtempSync('/dev/shm/zivm-site-');
  readonly socket = join(this.#folder, 'server.sock');
  readonly key = join(this.#folder, 'key');
  readonly #initramfs = join(this.#folder, 'initramfs');
  #server: TestProcess;
  readonly machines: ChildProcess[] = [];
  #pool: Pool | null = null;

  readonly #iommu: boolean;
  readonly #pmem: string | undefined;

  /** @param iommu whether the machines have one, and so interrupts @param isPmem whether they have the memory as persistent memory */
  constructor({ iommu = true, isPmem = false } = {}) {
    this.#iommu = iommu;
    this.#pmem = isPmem ? join(this.#folder, 'memory') : undefined;
    writeFileSync(this.key, 'a key of the tests, known to all', { mode: 0o600 });
    const settings = { node: process.execPath, agent: AGENT, key: readFileSync(this.key), shares: [], modules: isPmem ? PMEM_MODULES : [] };
    writeFileSync(this.#initramfs, makeInitramfs(findKernel(), settings));
    this.#server = this.#startServer();
  }

  #startServer(): TestProcess {
    const pmem = this.#pmem === undefined ? [] : ['--pmem', this.#pmem];
    return startZivmrun(['server', '--socket', this.socket, '--size', `${REGION_BYTES >> 20}M`, '--vectors', String(VECTORS), ...pmem], { watchdogMs: 2 ** 31 - 1 });
  }

  /** Kills the server. */
  async killServer(): Promise<void> {
    this.#server.signal('SIGKILL');
    await this.#server.ended;
  }

  /** Starts it again in its place, without machines. */
  async restartServer(): Promise<void> {
    for (const machine of this.machines.splice(0)) machine.kill('SIGKILL');
    this.#pool = null;
    this.#server = this.#startServer();
    await this.#server.printed(/^serving /m);
  }

  /** Starts machines and waits for their agents. */
  async start(count: number): Promise<void> {
    await this.#server.printed(/^serving /m);
    this.#pool ??= Pool.open(new HostRegion(checked(native.connectTo(this.socket), 'connecting')).memory);
    const { image } = findKernel();
    const unpacked = unpackedKernel(image);
    const args = qemuArguments({
      kernel: unpacked ?? image,
      isUnpacked: unpacked !== undefined,
      initramfs: this.#initramfs,
      accel: chooseAccel('auto'),
      memoryMiB: 512,
      cpus: 1,
      vectors: VECTORS,
      server: `path=${this.socket}`,
      shares: [],
      port: undefined,
      iommu: this.#iommu,
      pmem: this.#pmem === undefined ? undefined : { path: this.#pmem, byteLength: PMEM_HEADER_BYTES + REGION_BYTES },
    });
    const wanted = this.ready + count;
    for (let i = 0; i < count; i++) this.machines.push(spawn('qemu-system-x86_64', args, { stdio: 'ignore' }));
    await this.agentsReady(wanted);
  }

  /** How many agents wait for a job. */
  get ready(): number {
    return this.#pool!.readyAgents().length;
  }

  async agentsReady(count: number): Promise<void> {
    await until(() => this.ready === count, () => `${count} agents; there are ${this.ready}`, GUEST_WATCHDOG_MS);
  }

  /** Starts a job on the agents. */
  job(args: readonly string[], options: StartOptions = {}): TestProcess {
    const attach = ['--attach', this.socket, '--key', this.key, '--region-size', '32M'];
    return startZivmrun([...attach, ...args], { watchdogMs: GUEST_WATCHDOG_MS, ...options });
  }

  /** Runs a job that must succeed. @returns the lines of its standard output, sorted */
  async lines(args: readonly string[], options?: StartOptions): Promise<string[]> {
    const { exitCode, stdout, stderr }: Outcome = await this.job(args, options).ended;
    if (exitCode !== 0) throw new Error(`the job ${args.join(' ')} ended with ${exitCode}:\n${stdout}${stderr}`);
    return stdout.split('\n').filter(Boolean).sort();
  }

  async close(): Promise<Outcome> {
    for (const machine of this.machines) machine.kill('SIGKILL');
    this.#server.signal('SIGTERM');
    const outcome = await this.#server.ended;
    rmSync(this.#folder, { recursive: true });
    return outcome;
  }
}
