import { ZivmError } from '../errors';
import { EAGAIN, checked, errnoName, native, type Watcher } from '../native';

/** Protocol version of the ivshmem server (QEMU, docs/specs/ivshmem-spec). */
const PROTOCOL_VERSION = 0;
const SHARED_MEMORY = -1;

/** The ID that the server gives to who is going to read from the connection. @throws ZivmError when the server has gone */
export function peerOf(socket: number): number {
  const [, peer] = checked<number[]>(native.peekMessages(socket, 2), 'reading from the shared-memory server');
  return peer!;
}

/**
 * The client's side of the ivshmem server protocol: eight-byte integers, some with a descriptor. A process on the
 * host joins a region exactly as QEMU does.
 */
export class ServerClient {
  readonly #socket: number;
  /** This peer's ID. */
  readonly peer: number;
  /** Descriptor of the shared memory. */
  readonly memory: number;
  /** Doorbells of this peer, one per slot. */
  readonly own: number[] = [];
  /** Doorbells of the others, by ID. */
  readonly #others = new Map<number, number[]>();
  #onLeft: (peer: number) => void = () => undefined;

  /**
   * Joins: reads until this peer's own doorbells have come.
   * @throws ZivmError `ERR_ZIVM_VERSION`, `ERR_ZIVM_LAUNCH`
   */
  constructor(socket: number, slots: number) {
    this.#socket = socket;
    const version = this.#next();
    if (version.value !== PROTOCOL_VERSION || version.descriptor >= 0) {
      throw new ZivmError(
        'ERR_ZIVM_VERSION',
        `the shared-memory server speaks protocol version ${version.value}, zivm ${PROTOCOL_VERSION}`,
      );
    }
    this.peer = this.#next().value;
    const memory = this.#next();
    if (memory.value !== SHARED_MEMORY || memory.descriptor < 0) {
      throw new ZivmError('ERR_ZIVM_LAUNCH', 'the shared-memory server sent no memory: is it an ivshmem server?');
    }
    this.memory = memory.descriptor;
    while (this.own.length < slots) this.#accept(this.#next());
  }

  /** The doorbell of another peer's slot, or -1 when that peer has left or has no such slot. */
  doorbell(peer: number, slot: number): number {
    if (this.#others.get(peer)?.[slot] === undefined) this.#catchUp();
    return this.#others.get(peer)?.[slot] ?? -1;
  }

  /** Reads what the server has sent since. @returns false when the server has gone */
  #catchUp(): boolean {
    for (;;) {
      const message = native.receiveMessage(this.#socket, false);
      if (typeof message === 'object') this.#accept(message);
      else if (message === 0) return false;
      else if (message === EAGAIN) return true;
      else checked(message, 'reading from the shared-memory server');
    }
  }

  /** Calls back, from the event loop, for each peer that leaves, and when the server has gone. */
  watch(onLeft: (peer: number) => void, onServerGone: () => void): Watcher {
    this.#onLeft = onLeft;
    const watcher = new native.Watcher(this.#socket, () => {
      if (this.#catchUp()) return;
      watcher.close();
      onServerGone();
    });
    watcher.start(false);
    return watcher;
  }

  #next(): { value: number; descriptor: number } {
    const message = native.receiveMessage(this.#socket, true);
    if (typeof message === 'object') return message;
    throw new ZivmError(
      'ERR_ZIVM_LAUNCH',
      message === 0
        ? 'the shared-memory server closed the connection: it has ended, or has no room for another client'
        : `cannot read from the shared-memory server: ${errnoName(message)}`,
    );
  }

  #accept({ value, descriptor }: { value: number; descriptor: number }): void {
    if (descriptor < 0) {
      for (const left of this.#others.get(value) ?? []) native.closeDescriptor(left);
      this.#others.delete(value);
      this.#onLeft(value);
    } else if (value === this.peer) {
      this.own.push(descriptor);
    } else {
      const doorbells = this.#others.get(value);
      if (doorbells) doorbells.push(descriptor);
      else this.#others.set(value, [descriptor]);
    }
  }
}
