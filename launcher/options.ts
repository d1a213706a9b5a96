import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { native } from '../src/native';
import { MAX_RANKS } from '../src/ring/layout';
import type { OutputOptions } from './output';
import { parseCommandLine, parseCount, parseSize } from './arguments';
import { checkFolder } from './programs';
import { UsageError } from './usage-error';
import { chooseAccel, defaultMemory } from './vm/accel';
import type { GuestsOptions } from './vm/guests';

const DEFAULT_REGION = '256M';
const DEFAULT_VM_MEMORY = '512M';

const EXAMPLES = `
Commands:
  zivmrun doctor    what this machine can do for jobs in virtual machines
  zivmrun server    share memory with virtual machines that you start yourself (zivmrun server --help)
  zivmrun setup     fetch what virtual machines need and is missing

Examples:
  zivmrun -n 4 app.ts                        four ranks of a TypeScript program
  zivmrun -n 4 --tag-output app.js --size 9  the program's own arguments come after it
  zivmrun -n 1 master.ts : -n 3 worker.ts    rank 0 runs one program, ranks 1 to 3 another
  zivmrun --vms 4 -n 4 app.ts                four virtual machines, a rank in each
  zivmrun -n 2 --bind-to core osu_latency    a bundled benchmark, each rank on a core of its own`;

/** One program of a job, and the ranks that run it. */
export interface ProgramEntry {
  name: string;
  args: string[];
  count: number;
  wdir: string;
  env: Record<string, string>;
}

/** What the command line asks for. */
export interface JobOptions {
  programs: ProgramEntry[];
  /** Ranks of all programs. */
  size: number;
  output: OutputOptions;
  /** The rank that reads the launcher's standard input. */
  stdin: number | undefined;
  timeoutMs: number | undefined;
  bindToCore: boolean;
  reportBindings: boolean;
  /** A power of two. */
  regionBytes: number;
  /** The virtual machines that ranks run in, if any do. */
  guests: GuestsOptions | undefined;
  /** The server whose agents run the ranks, the key that they want, and at most how many of them. */
  attach: { socket: string; key: string; machines: number | undefined } | undefined;
  /** How many ranks, the last ones, run on the host all the same. */
  hostRanks: number;
  mapBy: 'vm' | 'slot';
}

/** The values of one part of the command line; a job-wide option may stand in any part. */
interface Values {
  n?: number;
  x: Record<string, string>;
  wdir?: string;
  tagOutput?: boolean;
  timestampOutput?: boolean;
  outputDir?: string;
  stdin?: number | 'none';
  timeout?: number;
  bindTo?: 'core' | 'none';
  reportBindings?: boolean;
  regionSize?: number;
  vms?: number;
  attach?: string;
  key?: string;
  vmMemory?: number;
  vmCpus?: number;
  kernel?: string;
  accel?: 'auto' | 'kvm' | 'tcg';
  share: string[];
  vmNet?: boolean;
  memory?: 'bar' | 'pmem';
  hostRanks?: number;
  mapBy?: 'vm' | 'slot';
}

/**
 * Reads the command line.
 * @param args without the node binary and the script
 * @throws UsageError for what it cannot understand; Answered after --help and --version
 */
export function parseOptions(args: readonly string[], version: string): JobOptions {
  const parts = splitAtColons(args).map((part) => parsePart(part, version));
  const programs = parts.map(({ values, name, args }) => ({
    name,
    args,
    count: values.n ?? native.allowedCores().length,
    wdir: resolve(values.wdir ?? '.'),
    env: values.x,
  }));
  const size = programs.reduce((sum, program) => sum + program.count, 0);
  if (size > MAX_RANKS) throw new UsageError(`${size} ranks are too many: a region serves ${MAX_RANKS}`);
  const job = parts.reduce<Partial<Values>>((all, { values }) => ({ ...all, ...values }), {});
  const stdin = job.stdin ?? 0;
  if (stdin !== 'none' && stdin >= size) throw new UsageError(`--stdin ${stdin}: the ranks are 0 to ${size - 1}`);
  return {
    programs,
    size,
    output: { tag: job.tagOutput ?? false, timestamp: job.timestampOutput ?? false, dir: job.outputDir },
    stdin: stdin === 'none' ? undefined : stdin,
    timeoutMs: job.timeout === undefined ? undefined : job.timeout * 1000,
    bindToCore: job.bindTo === 'core',
    reportBindings: job.reportBindings ?? false,
    regionBytes: job.regionSize ?? parseSize(DEFAULT_REGION),
    ...guestOptions(job, parts.flatMap(({ values }) => values.share), size),
  };
}

/** The options given that only say something of machines that zivmrun starts. */
function machineOptions({ memory, vmNet, vmMemory, vmCpus, kernel, accel }: Partial<Values>, shares: string[]): string[] {
  const given = {
    '--share': shares[0],
    '--memory': memory,
    '--vm-net': vmNet,
    '--vm-memory': vmMemory,
    '--vm-cpus': vmCpus,
    '--kernel': kernel,
    '--accel': accel,
  };
  return Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name]));
}

function guestOptions(job: Partial<Values>, shares: string[], size: number): Pick<JobOptions, 'guests' | 'attach' | 'hostRanks' | 'mapBy'> {
  const { vms, hostRanks = 0, mapBy = 'slot' } = job;
  const ofMachines = machineOptions(job, shares);
  if (job.attach !== undefined) {
    if (job.key === undefined) throw new UsageError('--attach needs --key FILE, the key that the agents hold');
    if (ofMachines.length > 0) throw new UsageError(`${ofMachines.join(', ')}: for machines that zivmrun starts, not for --attach`);
    if (hostRanks + (vms ?? 1) > size) throw new UsageError(`--host-ranks ${hostRanks}: of ${size} ranks, that leaves ${Math.max(0, size - hostRanks)} for ${vms ?? 1} virtual machines`);
    return { guests: undefined, attach: { socket: job.attach, key: job.key, machines: vms }, hostRanks, mapBy };
  }
  if (vms === undefined) {
    if (hostRanks > 0) ofMachines.push('--host-ranks');
    if (ofMachines.length > 0) throw new UsageError(`${ofMachines.join(', ')}: for jobs in virtual machines: add --vms`);
    return { guests: undefined, attach: undefined, hostRanks: 0, mapBy };
  }
  if (hostRanks > size) throw new UsageError(`--host-ranks ${hostRanks}: there are only ${size} ranks`);
  if (vms > size - hostRanks) throw new UsageError(`--vms ${vms}: there are only ${size - hostRanks} ranks for them`);
  if (job.bindTo === 'core') throw new UsageError('--bind-to core is for ranks on the host: leave it out, or leave out --vms');
  const accel = chooseAccel(job.accel ?? 'auto');
  const guests: GuestsOptions = {
    count: vms,
    memoryMiB: (job.vmMemory ?? parseSize(DEFAULT_VM_MEMORY)) / 2 ** 20,
    cpus: job.vmCpus ?? 1,
    accel,
    kernel: job.kernel,
    shares: shares.map((folder) => checkFolder('--share', resolve(folder))),
    memory: job.memory ?? defaultMemory(accel),
    network: job.vmNet ?? false,
  };
  return { guests, attach: undefined, hostRanks, mapBy };
}

function splitAtColons(args: readonly string[]): string[][] {
  const parts: string[][] = [[]];
  for (const arg of args) {
    if (arg === ':') parts.push([]);
    else parts[parts.length - 1]!.push(arg);
  }
  return parts;
}

function parsePart(args: string[], version: string): { values: Values; name: string; args: string[] } {
  const command = new Command('zivmrun')
    .description('Runs a program as several ranks that pass each other messages through shared memory.')
    .usage('[options] PROGRAM [ARGUMENTS] [: [options] PROGRAM [ARGUMENTS]]...')
    .argument('<program>', 'a .ts, .mts, .cts, .js, .mjs or .cjs file, or a bundled benchmark such as osu_latency')
    .argument('[arguments...]')
    .option('-n <ranks>', 'how many ranks; without it, one for each core', parseCount)
    .option('-x <name[=value]>', 'pass an environment variable on, or set it; may be repeated', parseVariable, {})
    .option('--wdir <folder>', 'working directory of the ranks')
    .option('--tag-output', 'begin each line with its rank and stream')
    .option('--timestamp-output', 'begin each line with the time')
    .option('--output-dir <folder>', 'also write the output of each rank to <folder>/rank.N/stdout and stderr')
    .option('--stdin <rank|none>', 'the rank that reads the standard input (default: 0)', parseStdin)
    .option('--timeout <seconds>', 'end the job after so long', parseTimeout)
    .option('--bind-to <core|none>', 'bind each rank to a core (default: none)', parseBinding)
    .option('--report-bindings', 'say which rank is bound to which core')
    .option('--region-size <size>', `size of the shared memory, rounded up to a power of two (default: ${DEFAULT_REGION})`, parseSize)
    .option('--vms <number>', 'start so many virtual machines and run the ranks in them', parseCount)
    .option('--attach <socket>', `run the ranks on the agents of a server ('zivmrun server'); with --vms, on so many of them`)
    .option('--key <file>', 'the key that those agents hold')
    .option('--map-by <vm|slot>', 'deal ranks out to the machines in turn, or fill one before the next (default: slot)', parseMapping)
    .option('--host-ranks <number>', 'run the last so many ranks on the host all the same', parseCount)
    .option('--vm-memory <size>', `memory of a machine (default: ${DEFAULT_VM_MEMORY})`, parseSize)
    .option('--vm-cpus <number>', 'processors of a machine (default: 1)', parseCount)
    .option('--share <folder>', 'let the machines write to this folder; may be repeated', (folder, all: string[]) => [...all, folder], [])
    .option('--memory <bar|pmem>', 'how the machines have the shared memory (default: bar; with KVM on AMD processors pmem, which is faster there)', parseMemory)
    .option('--vm-net', 'connect the machines by a network too, which zivm does not need: for programs that do, and comparisons')
    .option('--kernel <file>', 'the kernel of the machines, a vmlinuz-VERSION (default: the one that setup fetched)')
    .option('--accel <auto|kvm|tcg>', 'run the machines with KVM or by emulation (default: auto)', parseAccel)
    .version(version, '--version')
    .helpOption('-h, --help')
    .addHelpText('after', EXAMPLES)
    .passThroughOptions();
  parseCommandLine(command, args);
  const [name, ...rest] = command.args;
  return { values: command.opts<Values>(), name: name!, args: rest };
}

function parseVariable(text: string, set: Record<string, string>): Record<string, string> {
  const [, name, value] = /^([A-Za-z_]\w*)(?:=(.*))?$/s.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('It must be NAME or NAME=VALUE.');
  const known = value ?? process.env[name];
  return known === undefined ? set : { ...set, [name]: known };
}

function parseStdin(text: string): number | 'none' {
  if (text === 'none') return text;
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a rank or none.');
  return Number(text);
}

function parseMapping(text: string): string {
  if (text !== 'vm' && text !== 'slot') throw new InvalidArgumentError('It must be vm or slot.');
  return text;
}

function parseMemory(text: string): string {
  if (text !== 'bar' && text !== 'pmem') throw new InvalidArgumentError('It must be bar or pmem.');
  return text;
}

function parseAccel(text: string): string {
  if (text !== 'auto' && text !== 'kvm' && text !== 'tcg') throw new InvalidArgumentError('It must be auto, kvm or tcg.');
  return text;
}

function parseTimeout(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0) || seconds > 2_000_000) throw new InvalidArgumentError('It must be a number of seconds above 0.');
  return seconds;
}

function parseBinding(text: string): string {
  if (text !== 'core' && text !== 'none') throw new InvalidArgumentError('It must be core or none.');
  return text;
}
