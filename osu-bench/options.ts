import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';

/** Options of the OSU Micro-Benchmarks, under their names there. */
export interface BenchmarkOptions {
  /** Message sizes in bytes: doubling from `minBytes`, 0 first if that is 0, up to `maxBytes`; 0 where there are no sizes. */
  minBytes: number;
  maxBytes: number;
  /** Set by -i: iterations at every size. */
  iterations: number | undefined;
  /** Set by -x: iterations before the clock starts, at every size, and no time for V8 to compile before. */
  warmup: number | undefined;
  /** How often all sizes are gone through, each time with lines of their own: more than once, with two ranks, these are followed by what a flag took. */
  passes: number;
  /** Messages in flight. */
  window: number;
  /** Show the fastest and the slowest rank too. */
  full: boolean;
  /** Check what was received. */
  validate: boolean;
  /** Run the same loop over TCP too, and compare. */
  transport: 'zivm' | 'tcp';
}

interface Values {
  m?: [number, number];
  i?: number;
  x?: number;
  passes: number;
  W: number;
  f?: boolean;
  c?: boolean;
  transport?: 'zivm' | 'tcp';
}

/** What a benchmark has options for. */
interface Scope {
  /** Smallest and largest message in bytes unless -m says otherwise. */
  sizes: [number, number] | undefined;
  /** Whether it has a loop over TCP. */
  hasTcp: boolean;
}

/** Reads a benchmark's command line; ends the process when it cannot be understood, or after --help. */
export function parseBenchmarkOptions(name: string, { sizes, hasTcp }: Scope): BenchmarkOptions {
  const command = new Command(name);
  if (sizes !== undefined) {
    command.option('-m <[min:]max>', `message sizes in bytes (default: ${sizes.join(':')})`, (text) => parseRange(text, sizes[0]));
  }
  if (hasTcp) {
    command.addOption(new Option('--transport <transport>', 'tcp: the same loop over TCP too, and the ratio').choices(['zivm', 'tcp']));
  }
  command
    .option('-i <iterations>', 'iterations at each size', parseCount)
    .option('-x <iterations>', 'iterations before the clock starts, and no time for V8 to compile first', parseCount)
    .option('--passes <times>', 'go through the sizes so often, and tell how near two ranks were at each', parseCount, 1)
    .option('-W <messages>', 'window: messages in flight', parseCount, 64)
    .option('-f', 'show the fastest and the slowest rank too')
    .option('-c', 'check what was received')
    .exitOverride();
  try {
    command.parse();
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
    throw error;
  }
  const values = command.opts<Values>();
  const [minBytes, maxBytes] = values.m ?? sizes ?? [0, 0];
  return {
    minBytes,
    maxBytes,
    iterations: values.i,
    warmup: values.x,
    passes: values.passes,
    window: values.W,
    full: values.f ?? false,
    validate: values.c ?? false,
    transport: values.transport ?? 'zivm',
  };
}

function parseCount(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) < 1) throw new InvalidArgumentError('It must be a whole number from 1.');
  return Number(text);
}

function parseRange(text: string, defaultMin: number): [number, number] {
  const [, min, max] = /^(?:(\d+):)?(\d+)$/.exec(text) ?? [];
  const range: [number, number] = [Number(min ?? defaultMin), Number(max)];
  if (max === undefined || range[0] > range[1]) throw new InvalidArgumentError('It must be MAX or MIN:MAX, in bytes.');
  return range;
}
