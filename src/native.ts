import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { getSystemErrorMap } from 'node:util';
import { ZivmError } from './errors';

/** Any typed array, `Buffer` included. */
export type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** Watches one descriptor from the event loop. */
export interface Watcher {
  /** Starts to watch for input, and for room for output too when `writable` is true. */
  start(writable: boolean): number;
  stop(): void;
  /** While started and referenced, the watcher keeps the process alive. */
  ref(): void;
  unref(): void;
  close(): void;
}

/** The addon of system calls (native/): functions return a value >= 0, or -errno. */
interface Native {
  createDoorbell(): number;
  ringDoorbell(descriptor: number): number;
  clearDoorbell(descriptor: number): number;
  sleepOn(descriptors: Int32Array, timeoutMs: number): number;
  createMemory(byteLength: number): number;
  memorySize(descriptor: number): number;
  lockFile(descriptor: number): number;
  mapMemory(descriptor: number, byteLength: number, offset?: number): ArrayBuffer | number;
  socketPair(): [number, number] | number;
  listenOn(path: string): number;
  acceptFrom(listening: number): number;
  connectTo(path: string): number;
  peerProcess(socket: number): number;
  sendMessage(socket: number, value: number, descriptor: number): number;
  receiveMessage(socket: number, wait: boolean): { value: number; descriptor: number } | number;
  peekMessages(socket: number, count: number): number[] | number;
  closeDescriptor(descriptor: number): number;
  isSocket(descriptor: number): boolean;
  closeOnExec(descriptor: number): number;
  leadGroup(): number;
  dieWithParent(parentPid: number): number;
  bindToCore(core: number): number;
  allowedCores(): number[];
  addressOf(array: TypedArray): number;
  readProcess(pid: number, address: number, array: TypedArray, offset: number, byteLength: number): number;
  readMany(pid: number, addresses: Float64Array, arrays: readonly TypedArray[], byteLengths: Float64Array, count: number): number;
  writeProcess(pid: number, address: number, array: TypedArray, offset: number, byteLength: number): number;
  vfioOpen(group: string, address: string): [number, number, number] | number;
  vfioRegion(device: number, index: number): { offset: number; byteLength: number } | number;
  vfioVectors(device: number): number;
  vfioEnable(device: number, configOffset: number, doorbells: Int32Array): number;
  readRegister(device: number, offset: number): number;
  writeRegister(device: number, offset: number, value: number): number;
  Watcher: new (descriptor: number, onReady: (readable: boolean, writable: boolean) => void) => Watcher;
}

type Copy = (to: TypedArray, toOffset: number, from: TypedArray, fromOffset: number, byteLength: number, forOthers: number) => number;

type Combine = (
  op: number,
  type: number,
  left: TypedArray,
  leftOffset: number,
  right: TypedArray,
  rightOffset: number,
  out: TypedArray,
  outOffset: number,
  count: number,
) => number;

type YieldWhileSame = (words: Int32Array, positions: Int32Array, values: Int32Array, count: number, times: number, looks: number, rank: number, ranks: number) => number;

type Put = (
  words: Int32Array,
  record: number,
  number: number,
  kind: number,
  context: number,
  tag: number,
  array: TypedArray,
  byteLength: number,
  isOneOfMany: number,
) => number;

type Take = (words: Int32Array, word: number, array: TypedArray, byteLength: number) => number;

/** Kinds of arrays that V8 hands over to C without a detour. */
type FastKind = 'Uint8' | 'Int32' | 'Uint32' | 'Float32' | 'Float64' | 'BigInt64' | 'BigUint64';

/**
 * The addon of work on memory (native/fast/): compiled code calls a function with a kind in its name as C calls C, if the
 * user's arrays and the views of the region are of that kind (the words that put writes and take reads are always an Int32Array); numbers must fit into 32 bits then. Each returns 0, or a number below when an argument is out of
 * range; then it has done nothing.
 */
type Fast = { /** Whether this Node can call so; with another all calls are ordinary ones. */ hasDirectCalls: boolean; copy: Copy; put: Put; take: Take; combine: Combine; yieldWhileSame: YieldWhileSame; /** How many calls were no such ones. */ ordinaryCalls(): number } & Record<
  `copy${FastKind}`,
  Copy
> &
  Record<`put${FastKind}`, Put> &
  Record<`take${FastKind}`, Take> &
  Record<`combine${FastKind}`, Combine>;

function packageFolder(): string {
  let folder = __dirname;
  while (!existsSync(join(folder, 'binding.gyp'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new ZivmError('ERR_ZIVM_INTERNAL', `no zivm package around ${__dirname}`);
    folder = parent;
  }
  return folder;
}

function load(name: string): unknown {
  const addon = join(packageFolder(), 'build', 'Release', name);
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- an addon can only be required
    return require(addon);
  } catch (cause) {
    throw new ZivmError(
      'ERR_ZIVM_INTERNAL',
      `cannot load zivm's native addon ${addon}. It is compiled when the package is installed: run 'npm rebuild zivm' ` +
        `(in a clone: 'npm install') on Linux with make, g++ and python3 ('apt-get install build-essential python3')`,
      { cause },
    );
  }
}

export const native = load('zivm.node') as Native;
/** A copy: an addon's exports are a dictionary to V8, in which compiled code would look each function up at each call. */
export const fast: Fast = { ...(load('zivm_fast.node') as Fast) };

/** The name of an errno that a native function returned: -11 is `EAGAIN`. */
export function errnoName(code: number): string {
  return getSystemErrorMap().get(code)?.[0] ?? `errno ${-code}`;
}

/** Passes a native function's result on, or throws when it is an error code. */
export function checked<T>(result: T | number, what: string): T {
  if (typeof result === 'number' && result < 0) {
    throw new ZivmError('ERR_ZIVM_INTERNAL', `${what} failed: ${errnoName(result)}`);
  }
  return result as T;
}

/** The `errno` values that callers look at. */
export const EAGAIN = -11;
export const ECONNREFUSED = -111;
export const ETOOMANYREFS = -109;
