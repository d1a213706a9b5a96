import { ftruncateSync } from 'node:fs';
import { constants } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { memoryFile } from '../../launcher/region-file';
import { SharedMemoryServer } from '../../launcher/server';
import { EAGAIN, native } from '../../src/native';
import { HEADER_EPOCH, planRegion, RANK_PHASE, RANK_STATE, RankPhase, RankState, rankWord, smallestRegionBytes } from '../../src/ring/layout';

/*
 * The server against clients that read its socket as QEMU does (docs/specs/ivshmem-spec, "ivshmem device server
 * protocol"), without any of zivm's own client code.
 */

const RANKS = 4;
const BYTES = smallestRegionBytes(RANKS);
const MEMORY = -1;
/** A connection ends so when its other side has not read all that was written to it. */
const ECONNRESET = -constants.errno.ECONNRESET;
/** A client that waits longer for the server has lost a message. */
const WATCHDOG_MS = 30_000;

interface ServerMessage {
  value: number;
  /** Whether a descriptor came with it. */
  carries: boolean;
}

/** The raw end of a connection. Descriptors are kept by the value they came with, and closed at the end of the test. */
class RawClient {
  readonly id: number;
  readonly descriptors = new Map<number, number[]>();
  readonly #socket: number;
  #open = true;

  constructor(server: SharedMemoryServer) {
    const { id, socket } = server.connect();
    this.id = id;
    this.#socket = socket;
    clients.push(this);
  }

  /** What is there now. */
  read(): ServerMessage[] {
    const messages: ServerMessage[] = [];
    for (;;) {
      const message = native.receiveMessage(this.#socket, false);
      if (message === EAGAIN) return messages;
      if (typeof message === 'number') throw new Error(`the connection of client ${this.id} has ended: ${message}`);
      const { value, descriptor } = message;
      if (descriptor >= 0) this.descriptors.set(value, [...(this.descriptors.get(value) ?? []), descriptor]);
      messages.push({ value, carries: descriptor >= 0 });
    }
  }

  /** Reads until `count` messages have come: the server may need turns of the event loop to send them. */
  async readMany(count: number): Promise<ServerMessage[]> {
    const messages = this.read();
    const deadline = Date.now() + WATCHDOG_MS;
    while (messages.length < count) {
      if (Date.now() > deadline) throw new Error(`client ${this.id} got ${JSON.stringify(messages)}, not ${count} messages`);
      await nextTurn();
      messages.push(...this.read());
    }
    return messages;
  }

  /** Whether the server has closed the connection. */
  get dropped(): boolean {
    const result = native.receiveMessage(this.#socket, false);
    return result === 0 || result === ECONNRESET;
  }

  /** Writes to the server, which no client does. */
  write(): void {
    native.sendMessage(this.#socket, 0, -1);
  }

  doorbell(id: number, vector = 0): number {
    return this.descriptors.get(id)![vector]!;
  }

  closeDescriptors(): void {
    for (const descriptor of [...this.descriptors.values()].flat()) native.closeDescriptor(descriptor);
    this.descriptors.clear();
  }

  /** Leaves, as a process does that ends. */
  leave(): void {
    if (!this.#open) return;
    this.#open = false;
    this.closeDescriptors();
    native.closeDescriptor(this.#socket);
  }
}

const clients: RawClient[] = [];
const servers: SharedMemoryServer[] = [];

function startServer(vectors = 1): SharedMemoryServer {
  const server = new SharedMemoryServer(memoryFile(BYTES), planRegion(BYTES, RANKS), vectors);
  servers.push(server);
  return server;
}

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  for (const client of clients.splice(0)) client.leave();
});

const plain = (value: number): ServerMessage => ({ value, carries: false });
const carrying = (value: number): ServerMessage => ({ value, carries: true });
const PROTOCOL_VERSION = plain(0);

describe('what a client is told', () => {
  test('at first: version, its ID, the memory, its own doorbells', () => {
    const client = new RawClient(startServer());
    expect(client.read()).toEqual([PROTOCOL_VERSION, plain(client.id), carrying(MEMORY), carrying(client.id)]);
  });

  test('the doorbells of the others, before its own', () => {
    const server = startServer();
    const [first, second, third] = [new RawClient(server), new RawClient(server), new RawClient(server)];
    expect(third.read()).toEqual([
      PROTOCOL_VERSION,
      plain(third.id),
      carrying(MEMORY),
      carrying(first.id),
      carrying(second.id),
      carrying(third.id),
    ]);
    // Those who were there before are told of the later ones.
    expect(first.read().slice(-2)).toEqual([carrying(second.id), carrying(third.id)]);
    expect(second.read().slice(-1)).toEqual([carrying(third.id)]);
  });

  test('as many doorbells of each as there are vectors', () => {
    const server = startServer(3);
    const [first, second] = [new RawClient(server), new RawClient(server)];
    const doorbells = (client: RawClient): ServerMessage[] => Array<ServerMessage>(3).fill(carrying(client.id));
    expect(second.read()).toEqual([
      PROTOCOL_VERSION,
      plain(second.id),
      carrying(MEMORY),
      ...doorbells(first),
      ...doorbells(second),
    ]);
    expect(first.read().slice(3)).toEqual([...doorbells(first), ...doorbells(second)]);
  });

  test('that another has left: its ID, without a descriptor', async () => {
    const server = startServer();
    const [first, second, third] = [new RawClient(server), new RawClient(server), new RawClient(server)];
    first.read();
    third.read();
    second.leave();
    expect(await first.readMany(1)).toEqual([plain(second.id)]);
    expect(await third.readMany(1)).toEqual([plain(second.id)]);
  });
});

describe('IDs', () => {
  test('begin at 0, and are never given out again', async () => {
    const server = startServer();
    const [first, second] = [new RawClient(server), new RawClient(server)];
    expect([first.id, second.id]).toEqual([0, 1]);
    first.read();
    second.leave();
    expect(await first.readMany(1)).toEqual([plain(1)]);
    const third = new RawClient(server);
    expect(third.id).toBe(2);
    // Nobody hears of the one that has left any more.
    expect(third.read()).toEqual([PROTOCOL_VERSION, plain(2), carrying(MEMORY), carrying(0), carrying(2)]);
  });
});

describe('the memory', () => {
  test('is the same for all, of the size that was asked for, and formatted', () => {
    const server = startServer();
    const views = [new RawClient(server), new RawClient(server)].map((client) => {
      client.read();
      const descriptor = client.doorbell(MEMORY);
      expect(native.memorySize(descriptor)).toBe(BYTES);
      return new Uint8Array(native.mapMemory(descriptor, BYTES) as ArrayBuffer);
    });
    expect(Buffer.from(views[0]!.subarray(0, 4)).toString('latin1')).toBe('ZIVM');
    views[0]![BYTES - 1] = 99;
    expect(views[1]![BYTES - 1]).toBe(99);
  });

  test.each([
    ['shrunk', BYTES / 2],
    ['emptied', 0],
    ['grown', BYTES * 2],
  ])('cannot be %s: who maps it would crash', (_, byteLength) => {
    const client = new RawClient(startServer());
    client.read();
    const memory = client.doorbell(MEMORY);
    expect(() => ftruncateSync(memory, byteLength)).toThrow(expect.objectContaining({ code: 'EPERM' }) as Error);
    expect(native.memorySize(memory)).toBe(BYTES);
  });
});

describe('doorbells', () => {
  const vectors = [0, 1];

  test('wake the client and the vector that they belong to, and no other', () => {
    const server = startServer(vectors.length);
    const all = [new RawClient(server), new RawClient(server), new RawClient(server)];
    for (const client of all) client.read();
    for (const ringing of all) {
      for (const rung of all) {
        for (const vector of vectors) {
          expect(native.ringDoorbell(ringing.doorbell(rung.id, vector))).toBe(0);
          for (const client of all) {
            for (const own of vectors) {
              const wakes = client === rung && own === vector;
              expect(native.sleepOn(Int32Array.of(client.doorbell(client.id, own)), 0)).toBe(wakes ? 1 : 0);
              expect(native.clearDoorbell(client.doorbell(client.id, own))).toBe(wakes ? 1 : 0);
            }
          }
        }
      }
    }
  });

  test('ring in the event loop, and count how often', async () => {
    const server = startServer();
    const [first, second] = [new RawClient(server), new RawClient(server)];
    first.read();
    second.read();
    const own = second.doorbell(second.id);
    for (let ring = 0; ring < 5; ring++) native.ringDoorbell(first.doorbell(second.id));
    let watcher: InstanceType<typeof native.Watcher> | undefined;
    const count = await new Promise<number>((resolve) => {
      watcher = new native.Watcher(own, () => resolve(native.clearDoorbell(own)));
      watcher.start(false);
    });
    watcher!.close();
    expect(count).toBe(5);
  });
});

describe('a client that', () => {
  test('does not read does not hold up the others, and finds everything in order later', async () => {
    const COUNT = 300;
    const server = startServer();
    const silent = new RawClient(server);
    // The kernel takes only so many messages for it: the rest waits in the server.
    const others: RawClient[] = [];
    for (let index = 0; index < COUNT; index++) {
      const client = new RawClient(server);
      others.push(client);
      // Version, its ID, the memory, one doorbell of each.
      expect(await client.readMany(3 + index + 2)).toHaveLength(3 + index + 2);
      for (const other of others) {
        if (other !== client) expect(await other.readMany(1)).toEqual([carrying(client.id)]);
        other.closeDescriptors();
      }
    }
    const [left] = others.splice(COUNT / 2, 1);
    left!.leave();
    for (const other of others) expect(await other.readMany(1)).toEqual([plain(left!.id)]);
    const told = await silent.readMany(4 + COUNT + 1);
    expect(told).toEqual([
      PROTOCOL_VERSION,
      plain(silent.id),
      carrying(MEMORY),
      carrying(silent.id),
      ...Array.from({ length: COUNT }, (_, index) => carrying(silent.id + 1 + index)),
      plain(left!.id),
    ]);
  });

  test('is slow is not told of doorbells of those who have left meanwhile, which are closed', async () => {
    const COUNT = 320;
    const GONE = 20;
    const server = startServer();
    const slow = new RawClient(server);
    const others: RawClient[] = [];
    for (let index = 0; index < COUNT; index++) {
      const client = new RawClient(server);
      await client.readMany(3 + index + 2);
      for (const other of others) await other.readMany(1);
      others.push(client);
      for (const other of others) other.closeDescriptors();
    }
    const gone = others.slice(-GONE);
    for (const client of gone) client.leave();
    expect(await others[0]!.readMany(GONE)).toEqual(gone.map(({ id }) => plain(id)));
    const told = await slow.readMany(4 + COUNT - GONE + GONE);
    const isOfGone = ({ value }: ServerMessage): boolean => gone.some(({ id }) => id === value);
    expect(told.filter(isOfGone)).toEqual(gone.map(({ id }) => plain(id)));
    expect(told.filter((message) => !isOfGone(message))).toHaveLength(4 + COUNT - GONE);
  });

  test('writes is no client: it is given up, and the others are told', async () => {
    const server = startServer();
    const [first, second] = [new RawClient(server), new RawClient(server)];
    first.read();
    second.read();
    second.write();
    expect(await first.readMany(1)).toEqual([plain(second.id)]);
    expect(second.dropped).toBe(true);
  });
});

describe('the rank table', () => {
  function jobOfTwo(): { server: SharedMemoryServer; ranks: RawClient[]; words: Int32Array } {
    const server = startServer();
    const ranks = [new RawClient(server), new RawClient(server)];
    ranks.forEach((client, rank) => {
      server.job.assign(rank, client.id, 0);
      client.read();
    });
    return { server, ranks, words: new Int32Array(native.mapMemory(ranks[0]!.doorbell(MEMORY), BYTES) as ArrayBuffer) };
  }

  test.each([
    ['finished', RankPhase.Finished, RankState.Finished],
    ['dead, when it had not left the job', RankPhase.Joined, RankState.Dead],
    ['dead, when it never joined', RankPhase.Absent, RankState.Dead],
  ])('shows that a rank has ended: %s', async (_, phase, state) => {
    const { server, ranks, words } = jobOfTwo();
    words[rankWord(1) + RANK_PHASE] = phase;
    expect(server.job.phase(1)).toBe(phase);
    const epoch = words[HEADER_EPOCH]!;
    ranks[1]!.leave();
    await ranks[0]!.readMany(1);
    expect(words[rankWord(1) + RANK_STATE]).toBe(state);
    expect(words[rankWord(0) + RANK_STATE]).toBe(RankState.Expected);
    expect(words[HEADER_EPOCH]).toBe(epoch + 1);
  });
});
