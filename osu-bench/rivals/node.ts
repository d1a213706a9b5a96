import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { Link, pingPongOver, streamOver } from '../link';
import { LARGE_BYTES } from '../trial';

/*
 * What a Node user has without zivm, in the loops of osu_latency and osu_bw: node node.js TRANSPORT latency|bandwidth MAX.
 */
export const NODE_TRANSPORTS = ['Unix socket', 'loopback TCP', 'child_process IPC', 'worker postMessage'] as const;
type Transport = (typeof NODE_TRANSPORTS)[number];

const ITERATIONS = {
  latency: { small: [1000, 100], large: [50, 5] },
  bandwidth: { small: [50, 5], large: [3, 1] },
} as const;
const WINDOW = 64;
const COMPILE_PASSES = 3;

type Loop = 'latency' | 'bandwidth';

async function run(link: Link, isFirst: boolean, loop: Loop, maxBytes: number): Promise<void> {
  const measure = (bytes: number): Promise<number> => {
    const [iterations, warmup] = ITERATIONS[loop][bytes > LARGE_BYTES ? 'large' : 'small'];
    const trial = { bytes, iterations, warmup };
    return loop === 'latency' ? pingPongOver(link, isFirst, trial) : streamOver(link, isFirst, trial, WINDOW);
  };
  for (let pass = 0; pass < COMPILE_PASSES; pass++) await measure(8);
  for (let bytes = 1; bytes <= maxBytes; bytes *= 2) {
    const value = await measure(bytes);
    if (isFirst) console.log(`${String(bytes).padEnd(10)}${value.toFixed(2).padStart(18)}`);
  }
}

function overSocket(socket: Socket): Link {
  socket.setNoDelay(true);
  const link = new Link((bytes) => socket.write(bytes));
  socket.on('data', (data) => link.arrive(data.length));
  return link;
}

function overIpc(end: ChildProcess | NodeJS.Process): Link {
  const link = new Link((bytes) => end.send!(bytes));
  end.on('message', (bytes: Uint8Array) => link.arrive(bytes.byteLength));
  return link;
}

function overPort(port: Worker | NonNullable<typeof parentPort>): Link {
  const link = new Link((bytes) => port.postMessage(bytes));
  port.on('message', (bytes: Uint8Array) => link.arrive(bytes.byteLength));
  return link;
}

async function first(transport: Transport, args: string[], loop: Loop, maxBytes: number): Promise<void> {
  if (transport === 'worker postMessage') {
    const worker = new Worker(__filename, { argv: args });
    await run(overPort(worker), true, loop, maxBytes);
    await worker.terminate();
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'zivm-node-'));
  const server = createServer();
  await new Promise<void>((resolve) => {
    if (transport === 'Unix socket') server.listen(join(folder, 'socket'), resolve);
    else server.listen(0, '127.0.0.1', resolve);
  });
  const connected = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const child = fork(__filename, [...args, JSON.stringify(server.address())], { serialization: 'advanced' });
  await run(transport === 'child_process IPC' ? overIpc(child) : overSocket(await connected), true, loop, maxBytes);
  child.kill();
  server.close();
  rmSync(folder, { recursive: true });
}

async function second(transport: Transport, address: string | undefined, loop: Loop, maxBytes: number): Promise<void> {
  if (transport === 'worker postMessage') return run(overPort(parentPort!), false, loop, maxBytes);
  if (transport === 'child_process IPC') return run(overIpc(process), false, loop, maxBytes);
  const place = JSON.parse(address!) as string | { port: number };
  const socket = typeof place === 'string' ? connect(place) : connect(place.port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  return run(overSocket(socket), false, loop, maxBytes);
}

if (require.main === module || !isMainThread) {
  const [transport, loop, max, address] = process.argv.slice(2) as [Transport, Loop, string, string | undefined];
  const isSecond = !isMainThread || process.send !== undefined;
  void (isSecond ? second(transport, address, loop, Number(max)) : first(transport, [transport, loop, max], loop, Number(max)));
}
