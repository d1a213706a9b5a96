import { cpus } from 'node:os';
import type { Comm } from '../src/index';
import { compareWithTcp, type TcpLoop } from './against-tcp';
import { CHAR, type Datatype } from './buffers';
import { Flag } from './flag';
import { type BenchmarkOptions, parseBenchmarkOptions } from './options';
import { Table, title } from './table';
import { type Iterations, type Trial, trialOf } from './trial';

export interface Benchmark {
  /** Name of the program. */
  name: string;
  /** Line that says what is measured. */
  title: string;
  /** A line below it that says how. */
  setting?: (comm: Comm, options: BenchmarkOptions) => string;
  /** Ranks it runs with; any number of at least two unless given. */
  ranks?: number | 'even';
  /** Smallest and largest size in bytes; without sizes there is one line, and no column for them. */
  sizes?: [number, number];
  /** MPI_CHAR unless given. Sizes that are no whole number of elements are left out. */
  datatype?: Datatype;
  iterations: Iterations;
  /** Headings of the columns behind the size. */
  columns: (options: BenchmarkOptions) => string[];
  /** @returns the values of the columns, on rank 0 */
  run: (comm: Comm, trial: Trial) => number[];
  /** The same loop over TCP, of a benchmark of two ranks with one column. */
  runTcp?: TcpLoop;
}

/**
 * Before anything counts, all sizes run many times over with a part of their iterations, so that V8 has compiled what
 * they use: a program in C is compiled before it starts. Few passes are not enough. What a later size does for the
 * first time makes V8 discard compiled code, and what is called once in a window of messages is compiled last; each
 * time a thread of V8 takes a rank's core for milliseconds. Long messages execute the same code, and few of them are
 * enough. In each pass half of the ranks come late, so that messages also come before their receives are posted.
 */
const COMPILE_PASSES = 60;
/** Passes for messages above COMPILE_BYTES; and the fewest with more than COMPILE_RANKS ranks, where a call takes longer. */
const COMPILE_PASSES_LONG = 6;
const COMPILE_BYTES = 1 << 20;
const COMPILE_RANKS = 8;
const COMPILE_PART = 1 / 4;
/**
 * So long at least, for one size alone is soon through, and V8 compiles in the time that the ranks leave it: as many
 * times longer as ranks share a core, up to a limit.
 */
const COMPILE_MS = 3000;
const COMPILE_MS_CROWDED = 8000;

/** A pause before each size, in which the line printed last is forwarded: while one is measured, that would take a rank's core. */
const SETTLE_MS = 10;

/** Runs a benchmark and prints its table in the format of the OSU Micro-Benchmarks. */
export function runBenchmark(comm: Comm, benchmark: Benchmark): void {
  const { name, runTcp, columns } = benchmark;
  const options = parseBenchmarkOptions(name, { sizes: benchmark.sizes, hasTcp: runTcp !== undefined });
  if (!fits(comm.size, benchmark.ranks)) {
    // One rank speaks, and it alone fails: another that did so first would end the job before this one has spoken.
    if (comm.rank === 0) {
      process.stderr.write(`${wantedRanks(benchmark)}\n`);
      process.exitCode = 2;
    }
    return;
  }
  const sizes = messageSizes(benchmark, options);
  const lines = Array.from({ length: options.passes }, () => sizes).flat();
  const measure = (bytes: number): number[] => {
    comm.barrier();
    return benchmark.run(comm, trialOf(bytes, benchmark.iterations, options));
  };
  if (options.transport === 'tcp' && runTcp !== undefined) {
    if (options.warmup === undefined) compile(comm, benchmark, sizes, options);
    const zivm = lines.map((bytes) => measure(bytes)[0]!);
    void compareWithTcp(comm, options, { title: benchmark.title, heading: columns(options)[0]!, sizes: lines, zivm, runTcp });
    return;
  }
  const table = new Table(benchmark.sizes !== undefined);
  // Before the ranks compile, so that neither the first print nor its forwarding can fall into a measurement.
  if (comm.rank === 0) console.log([...heading(comm, benchmark, options), table.heading(columns(options))].join('\n'));
  const flag = options.passes > 1 && comm.size === 2 && !isCrowded(comm) ? new Flag(comm) : undefined;
  if (options.warmup === undefined) compile(comm, benchmark, sizes, options, flag);
  for (const bytes of lines) {
    pause(comm, SETTLE_MS);
    const before = flag?.ns();
    const values = measure(bytes);
    const after = flag?.ns();
    if (comm.rank === 0) console.log(table.values(bytes, values) + (flag === undefined ? '' : `\n# flag ${before!.toFixed()} ${after!.toFixed()} ns`));
  }
}

function fits(size: number, ranks: Benchmark['ranks']): boolean {
  if (ranks === undefined) return size >= 2;
  return ranks === 'even' ? size % 2 === 0 : size === ranks;
}

function wantedRanks({ name, ranks }: Benchmark): string {
  const wanted = ranks === 'even' ? 'an even number of' : (ranks ?? 'at least 2');
  return `${name} needs ${wanted} ranks: zivmrun -n ${typeof ranks === 'number' ? ranks : 2} ${name}`;
}

function messageSizes({ sizes: range, datatype = CHAR }: Benchmark, { minBytes, maxBytes }: BenchmarkOptions): number[] {
  if (range === undefined) return [0];
  const sizes = minBytes === 0 ? [0] : [];
  for (let bytes = Math.max(1, minBytes); bytes <= maxBytes; bytes *= 2) sizes.push(bytes);
  return sizes.filter((bytes) => bytes % datatype.bytes === 0);
}

function compile(comm: Comm, benchmark: Benchmark, sizes: number[], options: BenchmarkOptions, flag?: Flag): void {
  const shortest = Math.min(...sizes);
  const passes = shortest > COMPILE_BYTES ? COMPILE_PASSES_LONG : Math.max(COMPILE_PASSES_LONG, (COMPILE_PASSES * COMPILE_RANKS) / Math.max(COMPILE_RANKS, comm.size));
  const end = performance.now() + Math.min(COMPILE_MS * Math.max(1, comm.size / cpus().length), COMPILE_MS_CROWDED);
  const goesOn = new Int32Array([1]);
  for (let pass = 0; goesOn[0] !== 0; pass++) {
    for (const bytes of sizes) {
      if (bytes > COMPILE_BYTES && bytes !== shortest && pass >= COMPILE_PASSES_LONG) continue;
      const trial = trialOf(bytes, benchmark.iterations, options);
      comm.barrier();
      if ((comm.rank + pass) % 2 === 0) takeUnexpected(comm);
      benchmark.run(comm, { ...trial, iterations: Math.ceil(trial.iterations * COMPILE_PART) });
    }
    flag?.ns();
    goesOn[0] = pass + 1 < passes || performance.now() < end ? 1 : 0;
    comm.bcast(goesOn);
  }
}

/** Lets the messages of others come before receives are posted for them. */
function takeUnexpected(comm: Comm): void {
  pause(comm, 1);
  comm.iprobe();
}

const isCrowded = ({ size }: Comm): boolean => size > cpus().length;

/** A rank that has a core of its own keeps it: the host of a virtual machine may move a core that has nothing to do. */
function pause(comm: Comm, ms: number): void {
  if (isCrowded(comm)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  else for (const end = performance.now() + ms; performance.now() < end; );
}

/** The lines above the headings of the columns. */
function heading(comm: Comm, { title: text, setting, sizes, datatype = CHAR }: Benchmark, options: BenchmarkOptions): string[] {
  return [
    title(text),
    ...(setting === undefined ? [] : [setting(comm, options)]),
    ...(sizes === undefined ? [] : [`# Datatype: ${datatype.name}.`]),
  ];
}
