import type { Comm } from '../src/index';
import type { BenchmarkOptions } from './options';
import { Table, title } from './table';
import { connectTcp, type TcpLink } from './tcp';
import { type Iterations, type Trial, trialOf } from './trial';

/** The loop of a benchmark over TCP, for two ranks, and its one value. */
export type TcpLoop = (link: TcpLink, rank: number, trial: Trial) => Promise<number>;

/** A benchmark that has such a loop. */
interface Comparison {
  title: string;
  /** Heading of its value. */
  heading: string;
  sizes: number[];
  /** Its value with zivm at each size. */
  zivm: number[];
  runTcp: TcpLoop;
}

/** Over TCP, rounds take up to a thousand times as long. */
const ITERATIONS: Iterations = { small: [200, 10], large: [20, 2] };
const COMPILE_PASSES = 3;
const COMPILE_BYTES = 8;
const WIDTH = 26;

/**
 * Runs the loop over TCP, and prints its values, those of zivm and how many times zivm is ahead. Each has all its sizes in a row: in turn at each
 * size, what the event loop does for the one would make V8 throw compiled code of the other away.
 */
export async function compareWithTcp(comm: Comm, options: BenchmarkOptions, comparison: Comparison): Promise<void> {
  const { heading, sizes, runTcp } = comparison;
  const table = new Table(true, WIDTH);
  const print = (line: string): void => {
    if (comm.rank === 0) console.log(line);
  };
  const link = await connectTcp(comm);
  // V8 is to compile this loop too before it counts.
  const [iterations, warmup] = ITERATIONS.small;
  for (let pass = 0; pass < COMPILE_PASSES; pass++) {
    await runTcp(link, comm.rank, { bytes: COMPILE_BYTES, iterations, warmup, options });
  }
  print(`${title(comparison.title)}\n# Datatype: MPI_CHAR.\n# Network: ${link.kind}`);
  print(table.heading([`TCP ${heading}`, `zivm ${heading}`, 'zivm ahead (times)']));
  const isRate = heading.endsWith('/s)');
  for (const [i, bytes] of sizes.entries()) {
    const tcp = await runTcp(link, comm.rank, trialOf(bytes, ITERATIONS, options));
    const zivm = comparison.zivm[i]!;
    print(table.values(bytes, [tcp, zivm, isRate ? zivm / tcp : tcp / zivm]));
  }
  link.close();
}
