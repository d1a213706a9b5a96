import { randomBytes } from 'node:crypto';
import type { Comm } from '../../src/communicator';
import { mappingSpeed, uncachedWarning } from '../../src/region/mapping-speed';
import { type Device, openDevice } from './device';
import { findProgram } from '../programs';
import type { RankProcess } from '../rank-process';
import { Spares } from '../spares';
import { pack } from '../../src/comm/objects';
import { BYE, ChannelStream, CONTROL_TAG, forward, HELLO, openChannel, type Order, type RankOrder, type Report } from './channel';
import { AGENT, LAUNCHER, Pool } from './pool';
import { type Addressee, CHALLENGE_BYTES, type Sealed, unseal } from './seal';
import { SharedRegion } from './shared-region';

/** Runs in a virtual machine: opens its ivshmem device, and starts ranks for launchers, one job after the other. */
export class Agent {
  readonly #key: Uint8Array;
  readonly #device = openDevice();
  readonly #region = new SharedRegion(this.#device.region);
  readonly #pool = Pool.open(this.#region.memory);
  readonly #warning = uncachedWarning(mappingSpeed(this.#region.memory));
  readonly #spares = new Spares();

  /** @param key what launchers must hold too */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** @throws ZivmError `ERR_ZIVM_NO_SPACE` when the region serves no more agents */
  async run(): Promise<never> {
    pack(HELLO, 'zivm-agent'); // what packs objects is loaded now, not while a launcher waits for an answer
    const channel = this.#pool.join(this.#region.peer, this.#device.slots, (peer, slot) => this.#region.ring(peer, slot));
    for (;;) {
      this.#pool.prepare(channel);
      const { comm, close } = openChannel(this.#region, this.#pool.channelWords(channel), AGENT);
      this.#pool.isReady(channel);
      this.#spares.refill();
      await new Session(comm, this.#region.peer, this.#key, this.#device, this.#spares, this.#warning).run();
      close();
    }
  }
}

/** The time with one launcher. */
class Session {
  readonly #comm: Comm;
  readonly #key: Uint8Array;
  readonly #device: Device;
  readonly #spares: Spares;
  readonly #warning: string | undefined;
  readonly #address: Addressee;
  readonly #running = new Map<number, RankProcess>();

  constructor(comm: Comm, peer: number, key: Uint8Array, device: Device, spares: Spares, warning: string | undefined) {
    this.#comm = comm;
    this.#address = { agent: peer, challenge: randomBytes(CHALLENGE_BYTES) };
    this.#key = key;
    this.#device = device;
    this.#spares = spares;
    this.#warning = warning;
  }

  /** Resolves when the launcher has ended it, or has gone, and no rank is left. */
  async run(): Promise<void> {
    try {
      await this.#next(); // HELLO
      this.#report({ kind: 'challenge', challenge: this.#address.challenge, warning: this.#warning });
      for (let message = await this.#next(), number = 0; message !== BYE; message = await this.#next()) this.#obey(message, number++);
    } catch (error) {
      // The launcher has gone, or what comes is nothing that a launcher sends: the session ends, not the agent.
      console.error(`zivm-agent: the session has ended: ${(error as Error).message}`);
    }
    const ranks = [...this.#running.values()];
    for (const rank of ranks) rank.signal('SIGKILL');
    await Promise.allSettled(ranks.map((rank) => rank.ended));
  }

  #next(): PromiseLike<unknown> {
    return this.#comm.irecvObject(LAUNCHER, CONTROL_TAG);
  }

  /** Who cannot prove that it holds the key gets nothing done. */
  #obey(message: unknown, number: number): void {
    let order: Order;
    try {
      order = unseal(this.#key, this.#address, number, message as Sealed) as Order;
    } catch (error) {
      console.error(`zivm-agent: ${(error as Error).message}`);
      this.#report({ kind: 'refused', why: (error as Error).message });
      return;
    }
    if (order.kind === 'start') {
      for (const rank of order.ranks) this.#start(rank, order.part);
      this.#spares.endWaiting();
    } else {
      this.#running.get(order.rank)?.signal(order.signal);
    }
  }

  #report(message: Report): void {
    this.#comm.isendObject(message, LAUNCHER, CONTROL_TAG);
  }

  #start(order: RankOrder, part: string): void {
    const { rank } = order;
    try {
      const started = this.#spares.start(
        {
          ...order,
          program: findProgram(order.program, order.wdir),
          stdin: order.stdin ? new ChannelStream(this.#comm, LAUNCHER, rank, 'stdin') : undefined,
          env: { ...order.env, ...this.#device.environment },
          connection: this.#device.connection(order.slot),
          part,
        },
        ({ code, signal }) => {
          this.#running.delete(rank);
          this.#report({ kind: 'exited', rank, code, signal });
        },
      );
      this.#running.set(rank, started);
      started.ended.catch((error: unknown) => this.#report({ kind: 'failed', rank, why: (error as Error).message }));
      forward(this.#comm, LAUNCHER, rank, 'stdout', started.stdout);
      forward(this.#comm, LAUNCHER, rank, 'stderr', started.stderr);
      this.#report({ kind: 'started', rank, pid: started.pid! });
    } catch (error) {
      this.#report({ kind: 'failed', rank, why: (error as Error).message });
    }
  }
}
