import { readFileSync, readlinkSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { ZivmError } from '../errors';
import { native } from '../native';
import { openDax } from '../region/dax';
import { HostRegion } from '../region/host-region';
import type { Region } from '../region/region';
import { SoloRegion } from '../region/solo-region';
import { SysfsRegion } from '../region/sysfs-region';
import { VfioRegion } from '../region/vfio-region';
import {
  formatRegion,
  MAX_RANKS,
  planRegion,
  RANK_KERNEL,
  RANK_PEER,
  RANK_PHASE,
  RANK_PID,
  RankPhase,
  rankWord,
  readRegion,
} from '../ring/layout';
import { DAX_VARIABLE, ENVIRONMENT, GUEST_ENVIRONMENT, PART_VARIABLE, POLLED_VARIABLE } from './environment';
import type { Job } from './job';

/**
 * Joins the job that zivmrun started this process for.
 * @returns undefined when it was not started by zivmrun
 * @throws ZivmError `ERR_ZIVM_LAUNCH`, `ERR_ZIVM_VERSION`, `ERR_ZIVM_CORRUPT`
 */
export function joinJob(env: NodeJS.ProcessEnv = process.env): Job | undefined {
  const isPolled = env[POLLED_VARIABLE] !== undefined;
  const isGuest = isPolled || Object.values(GUEST_ENVIRONMENT).some((name) => env[name] !== undefined);
  const { rank: rankName, size: sizeName, cores: coresName } = ENVIRONMENT;
  const ways = isPolled ? [POLLED_VARIABLE] : isGuest ? Object.values(GUEST_ENVIRONMENT) : [ENVIRONMENT.socket];
  const names = [rankName, sizeName, ...ways, coresName];
  const missing = names.filter((name) => env[name] === undefined);
  if (missing.length === names.length) return undefined;
  if (missing.length > 0) {
    throw new ZivmError(
      'ERR_ZIVM_LAUNCH',
      `the environment of a rank is incomplete: ${missing.join(', ')} missing. Start the program with zivmrun; to run it ` +
        `alone, unset ${names.filter((name) => env[name] !== undefined).join(', ')}`,
    );
  }
  if (!isMainThread) {
    throw new ZivmError('ERR_ZIVM_COMM', 'a communicator belongs to the main thread of its rank, not to a worker thread');
  }
  const size = wholeNumber(env, ENVIRONMENT.size, MAX_RANKS);
  const rank = wholeNumber(env, ENVIRONMENT.rank, size - 1);
  const coresHere = wholeNumber(env, ENVIRONMENT.cores, 2 ** 16);
  const region = isGuest ? guestRegion(env) : hostRegion(env, names);
  const words = partOf(region.memory, env[PART_VARIABLE]);
  const plan = readRegion(words);
  const entry = rankWord(rank);
  if (plan.rankCount !== size || words[entry + RANK_PEER] !== region.peer) {
    throw new ZivmError(
      'ERR_ZIVM_LAUNCH',
      `${ENVIRONMENT.rank}=${rank} and ${ENVIRONMENT.size}=${size} do not fit the region, made for ${plan.rankCount} ranks`,
    );
  }
  words[entry + RANK_PID] = process.pid;
  words[entry + RANK_KERNEL] = kernelIdentity();
  // What a rank starts inherits its variables; elsewhere the descriptors that they name are closed by then.
  const phase: RankPhase = Atomics.load(words, entry + RANK_PHASE);
  if (isPolled && phase !== RankPhase.Absent) {
    throw new ZivmError('ERR_ZIVM_LAUNCH', `rank ${rank} has joined already: a program that a rank starts is no rank itself. Start it without the variables ${names.join(', ')}`);
  }
  Atomics.store(words, entry + RANK_PHASE, RankPhase.Joined);
  return { rank, size, region, words, plan, ranksHere: size, coresHere, canYield: !isGuest, hasGuests: isGuest };
}

function hostRegion(env: NodeJS.ProcessEnv, names: readonly string[]): Region {
  const socket = wholeNumber(env, ENVIRONMENT.socket, 2 ** 20);
  if (!native.isSocket(socket)) {
    throw new ZivmError(
      'ERR_ZIVM_LAUNCH',
      `descriptor ${socket} (${ENVIRONMENT.socket}) is not the launcher's socket: a program that a rank starts is no rank ` +
        `itself. Start it without the variables ${names.join(', ')}`,
    );
  }
  native.closeOnExec(socket);
  return new HostRegion(socket);
}

function guestRegion(env: NodeJS.ProcessEnv): Region {
  const polled = env[POLLED_VARIABLE];
  if (polled !== undefined) return new SysfsRegion(polled);
  const [device, doorbell] = [GUEST_ENVIRONMENT.device, GUEST_ENVIRONMENT.doorbell].map((name) => wholeNumber(env, name, 2 ** 20));
  native.closeOnExec(device!);
  native.closeOnExec(doorbell!);
  return new VfioRegion(device!, doorbell!, env[DAX_VARIABLE] === undefined ? undefined : openDax());
}

function partOf(memory: ArrayBuffer, part: string | undefined): Int32Array {
  if (part === undefined) return new Int32Array(memory);
  const [offset, byteLength] = part.split(':').map(Number) as [number, number];
  if (!(offset >= 0 && byteLength > 0 && offset % 64 === 0 && offset + byteLength <= memory.byteLength)) {
    throw new ZivmError('ERR_ZIVM_LAUNCH', `${PART_VARIABLE}=${part} is no part of a region of ${memory.byteLength} bytes`);
  }
  return new Int32Array(memory, offset, byteLength / Int32Array.BYTES_PER_ELEMENT);
}

/** The same number for processes of one kernel and one process namespace, very probably another one elsewhere. */
function kernelIdentity(): number {
  // A random UUID, and pid:[NUMBER].
  const kernel = Number.parseInt(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8), 16);
  const [namespace] = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))!;
  return kernel ^ Number(namespace);
}

/** The job of a program that was started without zivmrun: one rank. */
export function soloJob(): Job {
  const region = new SoloRegion();
  const words = new Int32Array(region.memory);
  const plan = planRegion(region.memory.byteLength, 1);
  formatRegion(words, plan);
  return { rank: 0, size: 1, region, words, plan, ranksHere: 1, coresHere: 1, canYield: true, hasGuests: false };
}

function wholeNumber(env: NodeJS.ProcessEnv, name: string, most: number): number {
  const text = env[name]!;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > most) {
    throw new ZivmError('ERR_ZIVM_LAUNCH', `${name}=${text} is not a number from 0 to ${most}: start the program with zivmrun`);
  }
  return value;
}
