import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { cpus } from 'node:os';
import { canStartGuests, examine } from '../../launcher/vm/doctor';
import { NODE_TRANSPORTS } from '../rivals/node';
import { Absent, limitSide, mpiSides, output, parseTable, zivm, ZIVMRUN } from './commands';
import { type Measurement, OWN, type Samples, type Side } from './measurement';

/** How much is measured. */
export interface Extent {
  /** How often a run of two ranks goes through the sizes. */
  passes: number;
  /** Largest message of zivm and of the Node rivals. */
  maxBytes: number;
  /** Numbers of ranks, where ranks are what varies. */
  ranks: number[];
  /** The same for memory, which takes no longer with more. */
  crowds: number[];
  /** Numbers of machines that are booted, to time it. */
  machines: number[];
}

/** What --quick leaves out. */
export const SLOW = [
  ...['two-way-bandwidth', 'ping-pong', 'bcast', 'reduce', 'guests-latency', 'guests-bandwidth', 'start-guests'],
  ...['bcast-ranks', 'reduce-ranks', 'bcast-ranks-long', 'reduce-ranks-long', 'allreduce-ranks-long'],
  ...['bcast-4', 'reduce-4', 'allreduce-4', 'bcast-8', 'reduce-8', 'allreduce-8'],
];

/** How often each side runs, unless told otherwise. */
const ROUNDS = 5;
/** How often each side runs of what takes a minute or two each time: virtual machines, and more and more ranks. */
const LONG_ROUNDS = 3;
const BRIEF = ['latency', 'bandwidth', 'two-way-bandwidth', 'message-rate', 'ping-pong', 'bcast', 'reduce', 'allreduce'];
const isLong = (name: string): boolean => /guests|ranks|-[48]$/.test(name);
/** The part of two ranks, each on a core, in a measurement of more and more ranks. */
const PAIR = '2 ranks';

export function roundsOf({ name, part }: Pick<Measurement, 'name' | 'part'>): number {
  return part !== PAIR && isLong(name) ? LONG_ROUNDS : ROUNDS;
}
const isBrief = (name: string, part?: string): boolean => part === PAIR || BRIEF.includes(name);
export const ROUNDS_TEXT = `${ROUNDS} rounds, ${LONG_ROUNDS} of collectives of more and of virtual machines`;

/*
 * Of short messages a size is over in 0.3 to 3 ms, an interruption of as long halves its figure, and the cores change their pace and their places within
 * tenths of a second: so two ranks go through the sizes several times in a run, the more often the fewer runs there are.
 */
export const FULL: Extent = { passes: 5, maxBytes: 4 << 20, ranks: [2, 4, 8, 16, 32], crowds: [2, 4, 8, 16, 32, 64], machines: [1, 2, 4] };
export const QUICK: Extent = { passes: 15, maxBytes: 64 << 10, ranks: [2, 4], crowds: [2, 4, 8], machines: [1] };

const RANK = join(__dirname, 'rank.js');
const PING_PONG = join(__dirname, 'ping-pong.js');
const NODE_RIVALS = join(__dirname, '..', 'rivals', 'node.js');
/** With data. */
const COLLECTIVES = ['bcast', 'reduce', 'allreduce'] as const;
/** They are measured up to here. */
const MAX_COLLECTIVE_BYTES = 1 << 20;

/** All measurements. @param folder for compiled rivals */
export function plan({ passes, maxBytes, ranks, crowds, machines }: Extent, folder: string): Measurement[] {
  const passesOf = (name: string, part?: string): string => `${isBrief(name, part) ? passes : 1}`;
  const upTo = (most: number): string[] => ['-m', `${Math.min(maxBytes, most)}`];
  const overSizes = (name: string, program: string, source: string, most = maxBytes, column = 0, size = 2): Side[] => {
    const times = passesOf(name);
    return [
      { name: OWN, run: () => parseTable(zivm(size, program, [...upTo(most), '--passes', times]), column) },
      ...mpiSides(source, folder, [size], (run) => parseTable(run(size, [times, `${Math.min(maxBytes, most)}`]), column)),
    ];
  };
  const pingPong = [{ name: OWN, run: () => parseTable(zivm(2, PING_PONG, [`${passes}`])) }, ...mpiSides('ping-pong.c', folder, [2], (run) => parseTable(run(2, [`${passes}`])))];
  const limit = (name: string, what: 'latency' | 'bandwidth'): Side => limitSide(name, what, folder, (text) => upToBytes(parseTable(text), maxBytes));
  const ofRanks = { x: 'ranks', higherIsBetter: false } as const;
  /** @param bytes the length of the data, if the call has any */
  const overRanks = (name: string, title: string, call: string, bytes?: number): Measurement[] => {
    const [args, rivalArgs] = bytes === undefined ? [[], []] : [['-m', `${bytes}:${bytes}`], [`${bytes}`, `${bytes}`]];
    const all = (one: (count: number) => string, counts: number[]): Samples =>
      Object.fromEntries(counts.map((count) => [count, parseTable(one(count))[bytes ?? 0]!]));
    const part = (part: string, ranks: number[]): Measurement => {
      const times = passesOf(name, part);
      const sides = [
        { name: OWN, run: () => all((count) => zivm(count, `osu_${call}`, [...args, '--passes', times]), ranks) },
        ...mpiSides(`${call}.c`, folder, ranks, (run, counts) => all((count) => run(count, [times, ...rivalArgs]), counts)),
      ];
      return { name, part, title, ...ofRanks, unit: 'us', sides };
    };
    return [part(PAIR, ranks.filter((count) => count === 2)), part('more ranks', ranks.filter((count) => count > 2))];
  };
  const start = (count: number): number => timed(() => zivm(count, RANK, ['start']));
  const startInMachines = (count: number): number =>
    timed(() => output(process.execPath, [ZIVMRUN, '--vms', `${count}`, '-n', `${count}`, RANK, 'start']));
  const memory = (count: number): number => parseTable(zivm(count, RANK, ['memory']))[count]![0]!.value;
  const us = { x: 'bytes', unit: 'us', higherIsBetter: false } as const;
  const rate = { x: 'bytes', unit: 'MB/s', higherIsBetter: true } as const;
  return [
    { name: 'latency', title: 'Latency, one way', ...us, sides: [...overSizes('latency', 'osu_latency', 'multi_lat.c'), ...nodeSides('latency', maxBytes), limit('memcpy and a flag, in C', 'latency')] },
    { name: 'bandwidth', title: 'Bandwidth, window of 64', ...rate, sides: [...overSizes('bandwidth', 'osu_bw', 'mbw_mr.c'), ...nodeSides('bandwidth', maxBytes), limit('memcpy in one process, in C', 'bandwidth')] },
    { name: 'two-way-bandwidth', title: 'Bandwidth in both directions', ...rate, sides: overSizes('two-way-bandwidth', 'osu_bibw', 'bibw.c') },
    { name: 'message-rate', title: 'Messages per second, window of 64', ...rate, unit: '1/s', sides: overSizes('message-rate', 'osu_mbw_mr', 'mbw_mr.c', maxBytes, 1) },
    { name: 'ping-pong', title: 'Ping-pong in a bare loop, one way', ...us, sides: pingPong },
    ...COLLECTIVES.map((name) => ({
      name,
      title: `${name}, two ranks`,
      ...us,
      sides: overSizes(name, `osu_${name}`, `${name}.c`, MAX_COLLECTIVE_BYTES),
    })),
    ...[4, 8].flatMap((size) =>
      COLLECTIVES.map((name) => ({
        name: `${name}-${size}`,
        title: `${name}, ${size} ranks`,
        ...us,
        sides: overSizes(`${name}-${size}`, `osu_${name}`, `${name}.c`, MAX_COLLECTIVE_BYTES, 0, size),
      })),
    ),
    ...overRanks('barrier-ranks', 'barrier', 'barrier'),
    ...COLLECTIVES.flatMap((call) => overRanks(`${call}-ranks`, `${call} of 8 bytes`, call, 8)),
    ...COLLECTIVES.flatMap((call) => overRanks(`${call}-ranks-long`, `${call} of 64 KiB`, call, 64 << 10)),
    ...guests(maxBytes),
    { name: 'start', title: 'Start and end of a job on the host', ...ofRanks, unit: 'ms', sides: [{ name: OWN, run: () => each(ranks, start) }] },
    {
      name: 'start-guests',
      title: 'Start and end of a job, with machines booted for it',
      ...ofRanks,
      unit: 'ms',
      sides: [guestSide(OWN, () => each(machines, startInMachines))],
    },
    { name: 'memory', title: 'Memory per rank (proportional set size)', ...ofRanks, unit: 'MB', sides: [{ name: OWN, run: () => each(crowds, memory) }] },
    { name: 'idle', title: 'Time of a core that a blocked rank uses', ...ofRanks, unit: '%', sides: [{ name: OWN, run: () => parseTable(zivm(2, RANK, ['idle'])) }] },
  ];
}

/** What tells the limit runs all sizes. */
const upToBytes = (samples: Samples, most: number): Samples => Object.fromEntries(Object.entries(samples).filter(([bytes]) => Number(bytes) <= most));

const each = (counts: number[], value: (count: number) => number): Samples => Object.fromEntries(counts.map((count) => [count, [{ value: value(count) }]]));

function timed(action: () => unknown): number {
  const start = performance.now();
  action();
  return performance.now() - start;
}

function nodeSides(what: 'latency' | 'bandwidth', maxBytes: number): Side[] {
  const most = Math.min(maxBytes, 1 << 20);
  return NODE_TRANSPORTS.map((name) => ({ name, run: () => parseTable(output(process.execPath, [NODE_RIVALS, name, what, `${most}`])) }));
}

function guestSide(name: string, run: () => Samples): Side {
  return {
    name,
    run: () => {
      if (!canStartGuests(examine())) throw new Absent(`no virtual machines can be started here: 'zivmrun doctor' says why`);
      return run();
    },
  };
}

/** Between two machines: one job measures both sides. */
function guests(maxBytes: number): Measurement[] {
  const both = (program: string, most: number): Side[] => {
    let last: string | undefined;
    const take = (column: number) => (): Samples => {
      last ??= output(process.execPath, [ZIVMRUN, '--vms', '2', '-n', '2', '--vm-net', program, '--transport', 'tcp', '-m', `${Math.min(maxBytes, most)}`]);
      const samples = parseTable(last, column);
      if (column === 0) last = undefined;
      return samples;
    };
    return [guestSide(OWN, take(1)), guestSide('TCP over virtio-net, from Node', take(0))];
  };
  const x = 'bytes' as const;
  return [
    { name: 'guests-latency', title: 'Latency between two virtual machines, one way', x, unit: 'us', higherIsBetter: false, sides: both('osu_latency', 1 << 20) },
    { name: 'guests-bandwidth', title: 'Bandwidth between two virtual machines', x, unit: 'MB/s', higherIsBetter: true, sides: [...both('osu_bw', 1 << 20), guestSide('TCP over virtio-net, from C (iperf3)', () => iperf(maxBytes))] },
  ];
}

/** iperf3 takes no longer messages than the last. */
const IPERF_SIZES = [1 << 10, 16 << 10, 128 << 10, 1 << 20];

function iperf(maxBytes: number): Samples {
  try {
    execFileSync('iperf3', ['--version'], { stdio: 'ignore' });
  } catch (cause) {
    throw new Absent('iperf3 is not installed (apt-get install iperf3)', { cause });
  }
  const sizes = IPERF_SIZES.filter((bytes) => bytes <= maxBytes).map(String);
  return parseTable(output(process.execPath, [ZIVMRUN, '--vms', '2', '-n', '2', '--vm-net', join(__dirname, 'iperf.js'), ...sizes]));
}

/** What the machine is. */
export function machine(): string {
  const { model } = cpus()[0]!;
  return `${model}, ${cpus().length} cores`;
}
