import { existsSync, lstatSync, rmSync } from 'node:fs';
import { ZivmError } from '../src/errors';
import { checked, EAGAIN, ECONNREFUSED, errnoName, ETOOMANYREFS, native, type Watcher } from '../src/native';
import type { RegionPlan } from '../src/ring/layout';
import type { RegionFile } from './region-file';
import { Part } from './part';

const PROTOCOL_VERSION = 0;
const SHARED_MEMORY = -1;
/** IDs are 16 bits in the device's registers, and none is given out twice. */
const MAX_IDS = 65536;
/** A client that reads nothing while so many messages pile up is given up. */
const MAX_QUEUED = 1 << 20;
const RETRY_MS = 10;
/** How long nobody is let in after a client was turned away. */
const TURNED_AWAY_MS = 100;

interface Client {
  id: number;
  socket: number;
  /** One per vector. */
  doorbells: number[];
  queue: { value: number; descriptor: number }[];
  watcher: Watcher;
}

/**
 * The shared-memory server of the ivshmem device (QEMU, docs/specs/ivshmem-spec): makes the memory, gives each
 * client its ID, the memory and everybody's doorbells, and tells the others when one leaves. When a client
 * leaves, its ranks have ended: the table of the job says so to those who wait for them.
 */
export class SharedMemoryServer {
  readonly #vectors: number;
  readonly #file: RegionFile;
  readonly #bytes: ArrayBuffer;
  readonly #clients = new Map<number, Client>();
  readonly #job: Part | null;
  #onLeft: (id: number) => void = () => undefined;
  #nextId = 0;
  #stopListening: () => void = () => undefined;

  /**
   * @param file the memory; what clients get has the size of a power of two
   * @param plan of the job that the region is laid out for; null when it has none of its own
   * @param vectors doorbells of each client
   * @param onRankEnded called when a rank has ended, in the order of ending
   * @param jobOffset where the job's part of the region begins
   */
  constructor(
    file: RegionFile,
    plan: RegionPlan | null,
    vectors: number,
    onRankEnded: (rank: number) => void = () => undefined,
    jobOffset = 0,
  ) {
    this.#vectors = vectors;
    this.#file = file;
    this.#bytes = checked<ArrayBuffer>(native.mapMemory(file.descriptor, file.byteLength, file.offset), 'mapping the shared memory');
    const words = new Int32Array(this.#bytes, jobOffset);
    this.#job = plan === null ? null : new Part(words, plan, (id, slot) => this.ring(id, slot), onRankEnded);
  }

  /** The shared memory. */
  get memory(): ArrayBuffer {
    return this.#bytes;
  }

  get file(): RegionFile {
    return this.#file;
  }

  /** Calls back when a client has left, before the others are told. */
  whenLeft(onLeft: (id: number) => void): void {
    this.#onLeft = onLeft;
  }

  /** Rings a doorbell of a client, if it is there. */
  ring(id: number, slot: number): void {
    const doorbell = this.#clients.get(id)?.doorbells[slot];
    if (doorbell !== undefined) native.ringDoorbell(doorbell);
  }

  /**
   * Makes a connection for a new client, and begins to tell it what it must know.
   * @returns its ID, higher than all before it, and its end of the connection, which the caller closes
   */
  connect(): { id: number; socket: number } {
    if (this.#nextId === MAX_IDS) throw new ZivmError('ERR_ZIVM_LAUNCH', `the server has given out all ${MAX_IDS} IDs`);
    const [socket, theirs] = checked<[number, number]>(native.socketPair(), 'making a connection');
    return { id: this.#admit(socket), socket: theirs };
  }

  /** Lets clients connect to a socket file. @throws ZivmError `ERR_ZIVM_LAUNCH` when it cannot be made */
  listen(path: string): void {
    const listening = native.listenOn(path);
    if (listening < 0) throw new ZivmError('ERR_ZIVM_LAUNCH', `cannot listen on ${path}: ${errnoName(listening)}`);
    const watcher = new native.Watcher(listening, () => {
      if (this.#acceptAll(listening)) return;
      // No descriptors are left, and who knocks would wake this process without end.
      watcher.stop();
      setTimeout(() => watcher.start(false), TURNED_AWAY_MS);
    });
    watcher.start(false);
    this.#stopListening = () => {
      watcher.close();
      native.closeDescriptor(listening);
    };
  }

  /** @returns false when a client was turned away because no descriptors are left */
  #acceptAll(listening: number): boolean {
    for (;;) {
      const socket = native.acceptFrom(listening);
      if (socket === EAGAIN) return true;
      try {
        checked(socket, 'accepting a connection');
        if (this.#nextId < MAX_IDS) this.#admit(socket);
        else native.closeDescriptor(socket);
      } catch (error) {
        console.error(`zivmrun: a client was turned away: ${(error as Error).message}`);
        return false;
      }
    }
  }

  /** Makes a client of a connection. @returns its ID @throws ZivmError when no descriptors are left; the connection is closed then */
  #admit(socket: number): number {
    const doorbells: number[] = [];
    try {
      for (let slot = 0; slot < this.#vectors; slot++) doorbells.push(checked(native.createDoorbell(), 'making a doorbell'));
    } catch (error) {
      for (const descriptor of [socket, ...doorbells]) native.closeDescriptor(descriptor);
      throw error;
    }
    const id = this.#nextId++;
    const client: Client = { id, socket, doorbells, queue: [], watcher: new native.Watcher(socket, (readable) => this.#ready(client, readable)) };
    client.queue.push({ value: PROTOCOL_VERSION, descriptor: -1 }, { value: id, descriptor: -1 }, { value: SHARED_MEMORY, descriptor: this.#file.given });
    for (const other of this.#clients.values()) {
      for (const descriptor of other.doorbells) client.queue.push({ value: other.id, descriptor });
    }
    for (const descriptor of doorbells) client.queue.push({ value: id, descriptor });
    const others = [...this.#clients.values()];
    // Before the others are told: one of them may turn out to have gone, and then this one must not be told its doorbells.
    this.#clients.set(id, client);
    for (const other of others) {
      for (const descriptor of doorbells) other.queue.push({ value: id, descriptor });
      this.#flush(other);
    }
    this.#flush(client);
    return id;
  }

  /** The job's part of the region, if it has one of its own. */
  get job(): Part {
    return this.#job!;
  }

  /** Sends what is queued, as far as the socket takes it. */
  #flush(client: Client): void {
    let sent = 0;
    while (sent < client.queue.length) {
      const { value, descriptor } = client.queue[sent]!;
      const result = native.sendMessage(client.socket, value, descriptor);
      if (result === ETOOMANYREFS) {
        // Too many descriptors are on their way at once: some must arrive first.
        setTimeout(() => this.#clients.has(client.id) && this.#flush(client), RETRY_MS);
        break;
      }
      if (result === EAGAIN) break;
      if (result < 0) return this.#drop(client);
      sent++;
    }
    client.queue.splice(0, sent);
    if (client.queue.length > MAX_QUEUED) return this.#drop(client);
    client.watcher.start(client.queue.length > 0);
  }

  #ready(client: Client, readable: boolean): void {
    // Clients never write. So input is the end of the connection, or something that is no client.
    if (readable) this.#drop(client);
    else this.#flush(client);
  }

  #drop(client: Client): void {
    if (!this.#clients.delete(client.id)) return;
    client.watcher.close();
    native.closeDescriptor(client.socket);
    this.#job?.clientLeft(client.id);
    this.#onLeft(client.id);
    for (const other of this.#clients.values()) {
      // What it has not been told of this client would name descriptors that are closed, or somebody else's, by then.
      other.queue = other.queue.filter(({ value, descriptor }) => value !== client.id || descriptor < 0);
      other.queue.push({ value: client.id, descriptor: -1 });
      this.#flush(other);
    }
    for (const descriptor of client.doorbells) native.closeDescriptor(descriptor);
  }

  close(): void {
    this.#stopListening();
    for (const client of [...this.#clients.values()]) this.#drop(client);
    for (const descriptor of new Set([this.#file.descriptor, this.#file.given])) native.closeDescriptor(descriptor);
  }
}

/** Removes the socket file of a server that was killed, where nobody listens. @throws ZivmError `ERR_ZIVM_LAUNCH` when another one is there */
export function makeRoomFor(path: string): void {
  if (!existsSync(path)) return;
  if (!lstatSync(path).isSocket()) throw new ZivmError('ERR_ZIVM_LAUNCH', `cannot listen on ${path}: another file is there`);
  const connection = native.connectTo(path);
  if (connection >= 0) native.closeDescriptor(connection);
  if (connection !== ECONNREFUSED) {
    const why = connection >= 0 ? 'a server runs there' : errnoName(connection);
    throw new ZivmError('ERR_ZIVM_LAUNCH', `cannot listen on ${path}: ${why}`);
  }
  rmSync(path);
}
