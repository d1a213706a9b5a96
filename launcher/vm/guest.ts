import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Comm } from '../../src/communicator';
import { ZivmError } from '../../src/errors';
import { native } from '../../src/native';
import type { Exit, Rank } from '../rank-process';
import { AGENT, ChannelStream, CONTROL_TAG, forward, type Order, type RankOrder, type Report } from './channel';
import { type Machine, qemuArguments } from './qemu';

const QEMU = 'qemu-system-x86_64';
/** Descriptors of QEMU after its standard ones. */
const SERVER_FD = 3;
const INITRAMFS_FD = 4;
/** A guest under emulation on a busy machine needs a quarter of this. */
const BOOT_LIMIT_MS = 120_000;
const CONSOLE_LINES = 24;

export interface GuestOptions {
  index: number;
  machine: Omit<Machine, 'serverFd' | 'initramfs'>;
  /** Descriptor of the initramfs. */
  initramfs: number;
  /** The guest's end of its connection to the server; closed here. */
  socket: number;
  /** This end of the channel to its agent. */
  channel: Comm;
}

/** A virtual machine: QEMU, and in it an agent that starts ranks. */
export class Guest {
  readonly index: number;
  readonly #channel: Comm;
  readonly #qemu: ChildProcess;
  readonly #console: string[] = [];
  readonly #ranks = new Map<number, GuestRank>();
  /** Resolves when the agent is ready for orders. @throws ZivmError `ERR_ZIVM_LAUNCH` when the guest does not come up */
  readonly ready: Promise<void>;
  /** Resolves when QEMU has ended. */
  readonly ended: Promise<void>;
  #isReady: () => void = () => undefined;
  #isGone = false;

  constructor({ index, machine, initramfs, socket, channel }: GuestOptions) {
    this.index = index;
    this.#channel = channel;
    const args = qemuArguments({ ...machine, serverFd: SERVER_FD, initramfs: `/dev/fd/${INITRAMFS_FD}` });
    // QEMU ends with its launcher, however that ends.
    this.#qemu = spawn('setpriv', ['--pdeathsig', 'KILL', '--', QEMU, ...args], {
      stdio: ['ignore', 'pipe', 'pipe', socket, initramfs],
      detached: true,
    });
    native.closeDescriptor(socket);
    for (const stream of [this.#qemu.stdout!, this.#qemu.stderr!]) this.#keepConsole(stream);
    this.ended = new Promise((resolve) => {
      this.#qemu.once('error', () => resolve());
      this.#qemu.once('close', () => resolve());
    });
    this.ready = this.#comesUp();
    this.ready.catch(() => undefined);
    void this.ended.then(() => this.#gone());
    void this.#listen();
  }

  async #comesUp(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const failed = (why: string): ZivmError => {
      const console = this.#console.length === 0 ? 'Its console shows nothing.' : `The end of its console:\n${this.#console.map((line) => `  | ${line}`).join('\n')}`;
      return new ZivmError('ERR_ZIVM_LAUNCH', `guest ${this.index} ${why}. ${console}`);
    };
    try {
      await new Promise<void>((resolve, reject) => {
        this.#isReady = resolve;
        this.#qemu.once('error', (error) => reject(new ZivmError('ERR_ZIVM_LAUNCH', `cannot start QEMU: ${error.message} (run 'npx zivmrun setup')`)));
        this.#qemu.once('close', (code) => reject(failed(`ended before it was up (QEMU's exit code ${code})`)));
        timer = setTimeout(() => reject(failed(`did not come up within ${BOOT_LIMIT_MS / 1000} s`)), BOOT_LIMIT_MS);
      });
    } finally {
      clearTimeout(timer);
    }
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

  async #listen(): Promise<void> {
    try {
      for await (const { value } of this.#channel.messages<Report>({ source: AGENT, tag: CONTROL_TAG })) {
        if (value.kind === 'ready') this.#isReady();
        else this.#ranks.get(value.rank)?.report(value);
      }
    } catch {
      // The agent has gone; its ranks are told when QEMU has ended.
      this.stop();
    }
  }

  #order(order: Order): void {
    if (!this.#isGone) this.#channel.isendObject(order, AGENT, CONTROL_TAG);
  }

  /** Starts ranks. @param part the job's part of the region @param onExit called when the process of a rank has ended */
  start(orders: readonly RankOrder[], part: string, stdin: Readable, onExit: (rank: number, exit: Exit) => void): Rank[] {
    const ranks = orders.map(({ rank }) => {
      const remote = new GuestRank(this.#channel, rank, (order) => this.#order(order), (exit) => onExit(rank, exit));
      this.#ranks.set(rank, remote);
      return remote;
    });
    this.#order({ kind: 'start', ranks: [...orders], part });
    for (const order of orders) if (order.stdin) forward(this.#channel, AGENT, order.rank, 'stdin', stdin);
    return ranks;
  }

  #gone(): void {
    this.#isGone = true;
    for (const rank of this.#ranks.values()) rank.lost(`ended with its virtual machine, guest ${this.index}`);
  }

  /** Takes the machine down, and what runs in it. */
  stop(): void {
    if (this.#qemu.pid !== undefined && this.#qemu.exitCode === null && this.#qemu.signalCode === null) this.#qemu.kill('SIGKILL');
  }
}

/** A rank in a virtual machine. */
class GuestRank implements Rank {
  readonly rank: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly ended: Promise<Exit>;
  pid: number | undefined;
  readonly #order: (order: Order) => void;
  readonly #onExit: (exit: Exit) => void;
  #exited: (exit: Exit) => void = () => undefined;
  #exit: Exit | null = null;

  constructor(channel: Comm, rank: number, order: (order: Order) => void, onExit: (exit: Exit) => void) {
    this.rank = rank;
    this.#order = order;
    this.#onExit = onExit;
    this.stdout = new ChannelStream(channel, AGENT, rank, 'stdout');
    this.stderr = new ChannelStream(channel, AGENT, rank, 'stderr');
    const closed = [this.stdout, this.stderr].map((stream) => new Promise((resolve) => stream.once('close', resolve)));
    const exited = new Promise<Exit>((resolve) => (this.#exited = resolve));
    this.ended = exited.then(async (exit) => {
      await Promise.all(closed);
      return exit;
    });
  }

  get running(): boolean {
    return this.#exit === null;
  }

  report(report: Report): void {
    if (report.kind === 'started') this.pid = report.pid;
    else if (report.kind === 'exited') this.#end({ code: report.code, signal: report.signal });
    else if (report.kind === 'failed') this.lost(`could not be started: ${report.why}`);
  }

  /** Nothing more will come from it. */
  lost(how: string): void {
    if (!this.running) return;
    this.#end({ code: 1, signal: null, how });
    this.stdout.destroy();
    this.stderr.destroy();
  }

  #end(exit: Exit): void {
    this.#exit = exit;
    this.#exited(exit);
    this.#onExit(exit);
  }

  signal(signal: NodeJS.Signals): void {
    this.#order({ kind: 'signal', rank: this.rank, signal });
  }
}
