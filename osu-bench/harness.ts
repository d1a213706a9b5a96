import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Comm } from '../src/index';
import { type BenchmarkOptions, parseBenchmarkOptions } from './options';
import { connectTcp, type TcpLink } from './tcp';

/** Above this size a benchmark does fewer iterations. */
const LARGE_BYTES = 8192;
const FILL_BYTE = 97;

export interface Benchmark {
  /** Name of the program. */
  name: string;
  /** Line that says what is measured. */
  title: string;
  /** Ranks it runs with; any number of at least two unless given. */
  ranks?: number;
  /** Smallest and largest size in bytes. */
  sizes: [number, number];
  /** Iterations and warm-up of small and of large sizes. */
  iterations: { small: [number, number]; large: [number, number] };
  /** Headings of the columns behind the size. */
  columns: (options: BenchmarkOptions) => string[];
  /**
   * Does `warmup + iterations` rounds with messages of `bytes` bytes.
   * @returns the values of the columns, on rank 0
   */
  run: (comm: Comm, bytes: number, iterations: number, warmup: number, options: BenchmarkOptions) => number[];
  /** The same loop over TCP, for two ranks, and its one value. */
  runTcp?: (link: TcpLink, rank: number, bytes: number, iterations: number, warmup: number, options: BenchmarkOptions) => Promise<number>;
}

type Measure = (bytes: number, part: number, isLate: boolean) => number[];

/**
 * Before anything counts, all sizes run many times over with a part of their iterations, so that V8 has compiled what
 * they use: a program in C is compiled before it starts. Few passes are not enough. What a later size does for the
 * first time makes V8 discard compiled code, and what is called once in a window of messages is compiled last; each
 * time a thread of V8 takes a rank's core for milliseconds. Long messages execute the same code, and few of them are
 * enough. In each pass half of the ranks come late, so that messages also come before their receives are posted.
 */
const COMPILE_PASSES = 60;
const COMPILE_PASSES_LARGE = 6;
const COMPILE_PART = 1 / 4;

/** A pause before each size, so that forwarding the line printed last takes no core from the ranks. */
const SETTLE_MS = 10;

/** Runs a benchmark and prints its table in the format of the OSU Micro-Benchmarks. */
export function runBenchmark(comm: Comm, benchmark: Benchmark): void {
  const options = parseBenchmarkOptions(benchmark.name, ...benchmark.sizes);
  if (benchmark.ranks === undefined ? comm.size < 2 : comm.size !== benchmark.ranks) {
    if (comm.rank === 0) {
      const wanted = benchmark.ranks ?? 'at least 2';
      process.stderr.write(`${benchmark.name} needs ${wanted} ranks: zivmrun -n ${benchmark.ranks ?? 2} ${benchmark.name}\n`);
    }
    process.exitCode = 2;
    return;
  }
  const sizes = messageSizes(options);
  const measure: Measure = (bytes, part, isLate) => {
    const [iterations, warmup] = bytes > LARGE_BYTES ? benchmark.iterations.large : benchmark.iterations.small;
    comm.barrier();
    if (isLate) takeUnexpected(comm);
    return benchmark.run(comm, bytes, Math.ceil((options.iterations ?? iterations) * part), options.warmup ?? warmup, options);
  };
  for (let pass = 0; pass < COMPILE_PASSES; pass++) {
    for (const bytes of sizes) {
      if (bytes <= LARGE_BYTES || pass < COMPILE_PASSES_LARGE) measure(bytes, COMPILE_PART, (comm.rank + pass) % 2 === 0);
    }
  }
  if (options.transport === 'tcp') {
    void compareWithTcp(comm, benchmark, options, sizes, measure);
    return;
  }
  printHeading(comm, benchmark, benchmark.columns(options));
  for (const bytes of sizes) {
    pause(SETTLE_MS);
    printLine(comm, bytes, measure(bytes, 1, false));
  }
}

/** Over TCP, rounds take up to a thousand times as long. */
const TCP_ITERATIONS = { small: [200, 10], large: [20, 2] } as const;
const COLUMN = 18;
const TCP_COLUMN = 26;

/** V8 is to compile this loop too before it counts. */
async function compileTcp(run: NonNullable<Benchmark['runTcp']>, link: TcpLink, rank: number, options: BenchmarkOptions): Promise<void> {
  const [iterations, warmup] = TCP_ITERATIONS.small;
  for (let pass = 0; pass < 3; pass++) await run(link, rank, 8, iterations, warmup, options);
}

/** Runs the loop over TCP and over zivm, in turn at each size, and prints both and how many times zivm is ahead. */
async function compareWithTcp(comm: Comm, benchmark: Benchmark, options: BenchmarkOptions, sizes: number[], measure: Measure): Promise<void> {
  if (benchmark.runTcp === undefined || comm.size !== 2) throw new Error(`${benchmark.name} has no loop over TCP`);
  const link = await connectTcp(comm);
  const [heading] = benchmark.columns(options) as [string];
  await compileTcp(benchmark.runTcp, link, comm.rank, options);
  printHeading(comm, benchmark, [`TCP ${heading}`, `zivm ${heading}`, 'zivm ahead (times)'], `# Network: ${link.kind}\n`, TCP_COLUMN);
  for (const bytes of sizes) {
    const [iterations, warmup] = bytes > LARGE_BYTES ? TCP_ITERATIONS.large : TCP_ITERATIONS.small;
    const tcp = await benchmark.runTcp(link, comm.rank, bytes, options.iterations ?? iterations, options.warmup ?? warmup, options);
    const [zivm] = measure(bytes, 1, false) as [number];
    const isRate = heading.endsWith('/s)');
    printLine(comm, bytes, [tcp, zivm, isRate ? zivm / tcp : tcp / zivm], TCP_COLUMN);
  }
  link.close();
}

function printLine(comm: Comm, bytes: number, values: number[], width = COLUMN): void {
  if (comm.rank !== 0) return;
  console.log(`${String(bytes).padEnd(10)}${values.map((value) => value.toFixed(2).padStart(width)).join('')}`);
}

/** Lets the messages of others come before receives are posted for them. */
function takeUnexpected(comm: Comm): void {
  pause(1);
  comm.iprobe();
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function messageSizes({ minBytes, maxBytes }: BenchmarkOptions): number[] {
  const sizes = minBytes === 0 ? [0] : [];
  for (let bytes = Math.max(1, minBytes); bytes <= maxBytes; bytes *= 2) sizes.push(bytes);
  return sizes;
}

function printHeading(comm: Comm, benchmark: Benchmark, headings: string[], comment = '', width = COLUMN): void {
  if (comm.rank !== 0) return;
  const file = join(__dirname, '..', '..', 'package.json');
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  const columns = headings.map((heading) => heading.padStart(width));
  console.log(`\n# zivm ${benchmark.title} v${version}\n# Datatype: MPI_CHAR.\n${comment}${'# Size'.padEnd(10)}${columns.join('')}`);
}

/** A buffer to send: every byte the same, so that a receiver can check it. */
export function filled(bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(FILL_BYTE);
}

/** Checks a received buffer. @throws Error when a byte is wrong */
export function validate(buf: Uint8Array, call: string): void {
  const wrong = buf.findIndex((byte) => byte !== FILL_BYTE);
  if (wrong >= 0) throw new Error(`${call}: byte ${wrong} of ${buf.length} was received wrong: ${buf[wrong]}`);
}
