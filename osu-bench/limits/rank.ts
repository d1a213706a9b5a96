import { execFileSync } from 'node:child_process';
import { Comm } from '../../src/index';
import { GUEST_ENVIRONMENT } from '../../src/job/environment';
import { joinJob } from '../../src/job/join';
import { median } from '../report/measurement';
import { RANK_PEER, RANK_SLOT, rankWord } from '../../src/ring/layout';

/*
 * One of two ranks in two machines: measures zivm and the C programs of between.c in turn, and prints the medians as JSON.
 */
const ROUNDS = 5;
const COMPILE_PASSES = 6;
const POLLED_ITERATIONS = 20_000;
/** On a busy machine each bounce can take a turn of the scheduler. */
const C_ITERATIONS = 3000;
const WAKES = 30;
/** By then whoever waits has gone to sleep. */
const PAUSE_MS = 20;
const BYTES = 8;

export interface Limits {
  /** One way, 8 bytes, both poll; in ns. */
  polled: { zivm: number; c: number };
  /** There, to a sleeper, and back, polled for; in ns. */
  woken: { zivm: number; c: number };
}

const [, , program] = process.argv as [string, string, string];
const comm = Comm.world;
const { rank } = comm;
const other = 1 - rank;
const { words } = joinJob()!;
const entry = rankWord(other);
const lent = [GUEST_ENVIRONMENT.device, GUEST_ENVIRONMENT.doorbell].map((name) => Number(process.env[name]));
const send = new Uint8Array(BYTES);
const recv = new Uint8Array(BYTES);

function inC(...args: (string | number)[]): number {
  comm.barrier();
  return Number(execFileSync(program, args.map(String), { stdio: ['ignore', 'pipe', 'inherit', ...lent], encoding: 'utf8' }));
}

function polled(iterations: number): number {
  comm.barrier();
  const start = performance.now();
  for (let i = 0; i < iterations; i++) {
    if (rank === 0) comm.send(send, other);
    comm.recv(recv, other);
    if (rank === 1) comm.send(send, other);
  }
  return ((performance.now() - start) * 1e6) / 2 / iterations;
}

function woken(): number {
  comm.barrier();
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const times: number[] = [];
  for (let i = 0; i < WAKES; i++) {
    if (rank === 0) {
      Atomics.wait(pause, 0, 0, PAUSE_MS);
      const start = performance.now();
      comm.send(send, other);
      comm.recv(recv, other);
      times.push((performance.now() - start) * 1e6);
    } else {
      comm.recv(recv, other);
      comm.send(send, other);
    }
  }
  return median(times);
}

// V8 compiles, which takes it a hundred times as long in an emulated machine.
for (let pass = 0; pass < COMPILE_PASSES; pass++) polled(POLLED_ITERATIONS);
const rounds = Array.from({ length: ROUNDS }, () => [
  polled(POLLED_ITERATIONS),
  inC('flag', rank, C_ITERATIONS),
  woken(),
  inC('doorbell', rank, WAKES, words[entry + RANK_PEER]!, words[entry + RANK_SLOT]!),
]);
const medianOf = (column: number): number => median(rounds.map((round) => round[column]!));
if (rank === 0) {
  const limits: Limits = { polled: { zivm: medianOf(0), c: medianOf(1) }, woken: { zivm: medianOf(2), c: medianOf(3) } };
  console.log(JSON.stringify(limits));
}
