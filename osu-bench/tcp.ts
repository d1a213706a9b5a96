import { createServer, connect, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Comm } from '../src/index';
import { NETWORK_VARIABLE } from '../src/job/environment';
import { Link } from './link';

/*
 * Two ranks connected by TCP, as a Node program would do it without zivm: between virtual machines over their network,
 * between processes of the host over its loopback.
 */

const CONNECT_MS = 20_000;

interface Place {
  address: string;
  port: number;
}

/** One rank's end of the connection. */
export class TcpLink extends Link {
  /** What it goes over. */
  readonly kind: string;
  readonly #socket: Socket;

  constructor(socket: Socket, kind: string) {
    super((bytes) => socket.write(bytes));
    this.kind = kind;
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.arrive(bytes.length));
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Connects two ranks. @throws Error when there is no network between them */
export async function connectTcp(comm: Comm): Promise<TcpLink> {
  const network = process.env[NETWORK_VARIABLE];
  const kind = network ?? 'loopback of the host';
  if (comm.rank === 0) {
    const server = createServer();
    const address = network === undefined ? '127.0.0.1' : ownAddress();
    const port = await listen(server, address);
    const socket = new Promise<Socket>((resolve) => server.once('connection', resolve));
    comm.sendObject({ address, port } satisfies Place, 1);
    const link = new TcpLink(await withinLimit(socket), kind);
    server.close();
    return link;
  }
  const { address, port } = comm.recvObject<Place>(0);
  const socket = connect(port, address);
  await withinLimit(new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject)));
  return new TcpLink(socket, kind);
}

function ownAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const own = addresses.find(({ family, internal }) => family === 'IPv4' && !internal);
  if (own === undefined) throw new Error('this machine has no network address');
  return own.address;
}

function listen(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, address, () => resolve((server.address() as Place).port));
  });
}

async function withinLimit<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the ranks cannot reach each other by TCP: are both on the host, or both in virtual machines with --vm-net?')), CONNECT_MS);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
