import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { ZivmError } from '../../src/errors';
import { native } from '../../src/native';
import type { Port } from './network';
import { type Machine, qemuArguments } from './qemu';

const QEMU = 'qemu-system-x86_64';
/** Descriptors of QEMU after its standard ones. */
const SERVER_FD = 3;
const INITRAMFS_FD = 4;
/** The network's is between the two. */
const MEMORY_FD = 6;
/** A guest under emulation on a busy machine needs a quarter of this. */
const BOOT_LIMIT_MS = 120_000;
const CONSOLE_LINES = 24;

export interface GuestOptions {
  index: number;
  machine: Omit<Machine, 'server' | 'initramfs' | 'port' | 'pmem'>;
  port: Port | undefined;
  /** The file of the shared memory, and its bytes, when the guest is to have it as persistent memory. */
  memory: { descriptor: number; byteLength: number } | undefined;
  /** Descriptor of the initramfs. */
  initramfs: number;
  /** The guest's end of its connection to the server; closed here. */
  socket: number;
}

/** A virtual machine that zivmrun has started. */
export class Guest {
  readonly index: number;
  readonly #qemu: ChildProcess;
  readonly #console: string[] = [];
  /** Resolves when `isUp` was called. @throws ZivmError `ERR_ZIVM_LAUNCH` when the guest does not come up */
  readonly ready: Promise<void>;
  /** To be called when its agent is ready. */
  isUp: () => void = () => undefined;
  /** Resolves when QEMU has ended. */
  readonly ended: Promise<void>;

  constructor({ index, machine, port, memory, initramfs, socket }: GuestOptions) {
    this.index = index;
    const pmem = memory === undefined ? undefined : { path: `/dev/fd/${MEMORY_FD}`, byteLength: memory.byteLength };
    const args = qemuArguments({ ...machine, port, pmem, server: `fd=${SERVER_FD}`, initramfs: `/dev/fd/${INITRAMFS_FD}` });
    // QEMU ends with its launcher, however that ends.
    this.#qemu = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...(port?.prefix ?? []), QEMU, ...args], {
      stdio: ['ignore', 'pipe', 'pipe', socket, initramfs, port?.descriptor ?? 'ignore', memory?.descriptor ?? 'ignore'],
      detached: true,
    });
    native.closeDescriptor(socket);
    if (port?.descriptor !== undefined) native.closeDescriptor(port.descriptor);
    for (const stream of [this.#qemu.stdout!, this.#qemu.stderr!]) this.#keepConsole(stream);
    this.ended = new Promise((resolve) => {
      this.#qemu.once('error', () => resolve());
      this.#qemu.once('close', () => resolve());
    });
    this.ready = this.#comesUp();
    this.ready.catch(() => undefined);
  }

  async #comesUp(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.isUp = resolve;
        this.#qemu.once('error', (error) => reject(new ZivmError('ERR_ZIVM_LAUNCH', `cannot start QEMU: ${error.message} (run 'npx zivmrun setup')`)));
        this.#qemu.once('close', (code) => reject(this.failure(`ended before it was up (QEMU's exit code ${code})`)));
        timer = setTimeout(() => reject(this.failure(`did not come up within ${BOOT_LIMIT_MS / 1000} s`)), BOOT_LIMIT_MS);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** An error about this guest, with the end of its console. */
  failure(why: string, cause?: unknown): ZivmError {
    const shown = this.#console.map((line) => `  | ${line}`).join('\n');
    const console = shown === '' ? 'Its console shows nothing.' : `The end of its console:\n${shown}`;
    return new ZivmError('ERR_ZIVM_LAUNCH', `guest ${this.index} ${why}. ${console}`, { cause });
  }

  #keepConsole(stream: Readable): void {
    let rest = '';
    stream.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split(/\r?\n/);
      rest = lines.pop()!;
      this.#console.push(...lines.filter((line) => line !== ''));
      this.#console.splice(0, this.#console.length - CONSOLE_LINES);
    });
  }

  /** Takes the machine down, and what runs in it. */
  stop(): void {
    if (this.#qemu.pid !== undefined && this.#qemu.exitCode === null && this.#qemu.signalCode === null) this.#qemu.kill('SIGKILL');
  }
}
