import { ZivmError } from '../src/errors';
import { checked, EAGAIN, ETOOMANYREFS, native, type Watcher } from '../src/native';
import type { RankPhase, RegionPlan } from '../src/ring/layout';
import { Part } from './part';

const PROTOCOL_VERSION = 0;
const SHARED_MEMORY = -1;
/** IDs are 16 bits in the device's registers, and none is given out twice. */
const MAX_IDS = 65536;
/** A client that reads nothing while so many messages pile up is given up. */
const MAX_QUEUED = 1 << 20;
const RETRY_MS = 10;

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
 * client its ID, the memory and everybody's doorbells, and tells the others when one leaves. It also keeps the
 * table that says which client is which rank, and marks the ranks that have ended.
 */
export class SharedMemoryServer {
  readonly #vectors: number;
  readonly #memory: number;
  readonly #bytes: ArrayBuffer;
  readonly #clients = new Map<number, Client>();
  readonly #parts: Part[] = [];
  readonly #job: Part;
  #nextId = 0;

  /**
   * @param byteLength size of the region, a power of two
   * @param rankCount ranks that it is laid out for
   * @param vectors doorbells of each client
   * @param onRankEnded called when a rank has ended, in the order of ending
   * @param jobOffset where the job's part of the region begins
   * @throws ZivmError `ERR_ZIVM_NO_SPACE`
   */
  constructor(
    byteLength: number,
    rankCount: number,
    vectors: number,
    onRankEnded: (rank: number) => void = () => undefined,
    jobOffset = 0,
  ) {
    this.#vectors = vectors;
    this.#memory = checked(native.createMemory(byteLength), 'making the shared memory');
    this.#bytes = checked<ArrayBuffer>(native.mapMemory(this.#memory, byteLength), 'mapping the shared memory');
    this.#job = this.addPart(jobOffset, byteLength - jobOffset, rankCount, onRankEnded);
  }

  /** The layout of the job's part. */
  get plan(): RegionPlan {
    return this.#job.plan;
  }

  /** Lays out another part of the region for ranks. */
  addPart(offset: number, byteLength: number, rankCount: number, onEnded: (rank: number) => void): Part {
    const words = new Int32Array(this.#bytes, offset, byteLength / Int32Array.BYTES_PER_ELEMENT);
    const part = new Part(words, rankCount, (client, slot) => this.#ring(client, slot), onEnded);
    this.#parts.push(part);
    return part;
  }

  #ring(id: number, slot: number): void {
    const doorbell = this.#clients.get(id)?.doorbells[slot];
    if (doorbell !== undefined) native.ringDoorbell(doorbell);
  }

  /**
   * Makes a connection for a new client, and begins to tell it what it must know.
   * @returns its ID, higher than all before it, and its end of the connection, which the caller closes
   */
  connect(): { id: number; socket: number } {
    if (this.#nextId === MAX_IDS) throw new ZivmError('ERR_ZIVM_LAUNCH', `the server has given out all ${MAX_IDS} IDs`);
    const id = this.#nextId++;
    const [socket, theirs] = checked<[number, number]>(native.socketPair(), 'making a connection');
    const doorbells = Array.from({ length: this.#vectors }, () => checked(native.createDoorbell(), 'making a doorbell'));
    const client: Client = { id, socket, doorbells, queue: [], watcher: new native.Watcher(socket, (readable) => this.#ready(client, readable)) };
    client.queue.push({ value: PROTOCOL_VERSION, descriptor: -1 }, { value: id, descriptor: -1 }, { value: SHARED_MEMORY, descriptor: this.#memory });
    for (const other of this.#clients.values()) {
      for (const descriptor of other.doorbells) client.queue.push({ value: other.id, descriptor });
    }
    for (const descriptor of doorbells) client.queue.push({ value: id, descriptor });
    for (const other of this.#clients.values()) {
      for (const descriptor of doorbells) other.queue.push({ value: id, descriptor });
      this.#flush(other);
    }
    this.#clients.set(id, client);
    this.#flush(client);
    return { id, socket: theirs };
  }

  /** Enters a rank of the job into the table; all are entered before any rank looks at it. */
  assign(rank: number, id: number, slot: number): void {
    this.#job.assign(rank, id, slot);
  }

  /** What a rank of the job says of itself. */
  phase(rank: number): RankPhase {
    return this.#job.phase(rank);
  }

  /** A rank of the job has ended whose client goes on. */
  endRank(rank: number): void {
    this.#job.end(rank);
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
    for (const part of this.#parts) part.clientLeft(client.id);
    for (const other of this.#clients.values()) {
      other.queue.push({ value: client.id, descriptor: -1 });
      this.#flush(other);
    }
    for (const descriptor of client.doorbells) native.closeDescriptor(descriptor);
  }

  close(): void {
    for (const client of [...this.#clients.values()]) this.#drop(client);
    native.closeDescriptor(this.#memory);
  }
}
