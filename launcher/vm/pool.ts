import { ZivmError } from '../../src/errors';
import { Allocator } from '../../src/ring/allocator';
import { formatRegion, LINE_BYTES, LINE_WORDS, planRegion, RANK_STATE, RankState, rankWord } from '../../src/ring/layout';
import { enterRank, markEnded, type Ring } from '../part';

/*
 * The layout of a region that jobs in virtual machines share:
 *
 *   header          magic, version, number of channels
 *   channel table   a line for each: state and whose doing it is, agent's peer, slots of its machine
 *   granule table   which parts of the rest belong to which job
 *   channels        one for each agent, laid out as for a job of two ranks: the launcher and the agent
 *   jobs            parts, given out to launchers
 */

const MAGIC = 0x4c50565a; // 'ZVPL' in memory
const VERSION = 1;
const HEADER_MAGIC = 0;
const HEADER_VERSION = 1;
const HEADER_CHANNELS = 2;

const CHANNEL_STATE = 0;
const CHANNEL_AGENT = 1;
const CHANNEL_SLOTS = 2;

export const LAUNCHER = 0;
export const AGENT = 1;
export const CHANNEL_RANKS = 2;
const CHANNEL_BYTES = 512 * 1024;
/** The doorbell of agents and launchers; those of ranks follow. */
export const CONTROL_SLOT = 0;
export const FIRST_RANK_SLOT = 1;

/** Doorbells that a machine with so many ranks needs. */
export const vectorsFor = (ranks: number): number => FIRST_RANK_SLOT + ranks;

/** The doorbell of a rank, by its place in its machine. */
export const slotOf = (place: number): number => FIRST_RANK_SLOT + place;

const JOB_GRANULE_BYTES = 1 << 20;
/** Above the numbers of clients that an allocator tells apart. */
const MAX_OWNERS = 0xfffe;

// States of a channel. One word holds the state and, above it, the peer that has brought it about, so that a peer that
// dies at any instruction can be told.
const FREE = 0;
/** An agent is about to be there, or a session has ended whose partner may not have noticed. */
const CHANGING = 1;
/** An agent waits for a launcher. */
const READY = 2;
/** A launcher and the agent talk. */
const BUSY = 3;

const STATE_BITS = 2;
const stateBy = (state: number, peer: number): number => (peer << STATE_BITS) | state;
const stateOf = (word: number): number => word & ((1 << STATE_BITS) - 1);

/** How often the server looks whether an agent has ended the ranks of a launcher that has gone. */
const RECLAIM_MS = 100;

const channelPlan = planRegion(CHANNEL_BYTES, CHANNEL_RANKS);

/** An agent that waits for a launcher. */
export interface ReadyAgent {
  channel: number;
  peer: number;
  /** Doorbells for ranks. */
  slots: number;
}

/** A part of the region for one job, in bytes. */
export interface Span {
  offset: number;
  byteLength: number;
}

/** A region for jobs in virtual machines. */
export class Pool {
  readonly #memory: ArrayBuffer;
  readonly #words: Int32Array;
  readonly #channels: number;

  private constructor(memory: ArrayBuffer) {
    this.#memory = memory;
    this.#words = new Int32Array(memory);
    this.#channels = this.#words[HEADER_CHANNELS]!;
  }

  /** Lays out zeroed memory. @throws ZivmError `ERR_ZIVM_NO_SPACE` */
  static format(memory: ArrayBuffer, channels: number): Pool {
    const words = new Int32Array(memory);
    if (Pool.jobsOffset(channels, memory.byteLength) + JOB_GRANULE_BYTES > memory.byteLength) {
      throw new ZivmError('ERR_ZIVM_NO_SPACE', `a region of ${memory.byteLength} bytes is too small for ${channels} virtual machines: make it larger`);
    }
    words[HEADER_VERSION] = VERSION;
    words[HEADER_CHANNELS] = channels;
    Atomics.store(words, HEADER_MAGIC, MAGIC);
    return new Pool(memory);
  }

  /** @throws ZivmError `ERR_ZIVM_VERSION` when the memory is no such region */
  static open(memory: ArrayBuffer): Pool {
    const words = new Int32Array(memory, 0, LINE_WORDS);
    const channels = words[HEADER_CHANNELS]!;
    const isPool = Atomics.load(words, HEADER_MAGIC) === MAGIC && words[HEADER_VERSION] === VERSION;
    if (!isPool || channels < 1 || Pool.jobsOffset(channels, memory.byteLength) > memory.byteLength) {
      throw new ZivmError('ERR_ZIVM_VERSION', `this shared memory is no region of this version of zivm: is it one of 'zivmrun server' or 'zivmrun --vms'?`);
    }
    return new Pool(memory);
  }

  /** Where the parts of jobs begin. */
  static jobsOffset(channels: number, byteLength: number): number {
    const tables = (1 + channels) * LINE_BYTES + (byteLength / JOB_GRANULE_BYTES) * Int32Array.BYTES_PER_ELEMENT;
    return Math.ceil((Math.ceil(tables / CHANNEL_BYTES) + channels) * (CHANNEL_BYTES / JOB_GRANULE_BYTES)) * JOB_GRANULE_BYTES;
  }

  get #jobs(): number {
    return Pool.jobsOffset(this.#channels, this.#memory.byteLength);
  }

  #entry(channel: number): number {
    return (1 + channel) * LINE_WORDS;
  }

  /** The memory of a channel. */
  channelWords(channel: number): Int32Array {
    const offset = this.#jobs - (this.#channels - channel) * CHANNEL_BYTES;
    return new Int32Array(this.#memory, offset, CHANNEL_BYTES / Int32Array.BYTES_PER_ELEMENT);
  }

  // --- The agent's side ---

  /** Takes a free channel. @returns its number @throws ZivmError `ERR_ZIVM_NO_SPACE` */
  join(peer: number, slots: number, ring: Ring): number {
    this.#takeBack(peer, ring);
    for (let channel = 0; channel < this.#channels; channel++) {
      const entry = this.#entry(channel);
      if (Atomics.compareExchange(this.#words, entry + CHANNEL_STATE, FREE, stateBy(CHANGING, peer)) !== FREE) continue;
      this.#words[entry + CHANNEL_AGENT] = peer;
      this.#words[entry + CHANNEL_SLOTS] = slots;
      return channel;
    }
    throw new ZivmError('ERR_ZIVM_NO_SPACE', `all ${this.#channels} places for agents are taken`);
  }

  /** An agent that had died while its machine lived has left channels behind: whoever talks to it there learns of it. */
  #takeBack(peer: number, ring: Ring): void {
    for (let channel = 0; channel < this.#channels; channel++) while (!this.#takeBackOne(channel, peer, ring));
  }

  /** @returns false when the channel has changed meanwhile, and is to be looked at again */
  #takeBackOne(channel: number, peer: number, ring: Ring): boolean {
    const entry = this.#entry(channel);
    const state = entry + CHANNEL_STATE;
    const word = Atomics.load(this.#words, state);
    const free = (from: number): boolean => Atomics.compareExchange(this.#words, state, from, FREE) === from;
    if (word === stateBy(CHANGING, peer)) return free(word);
    // CHANGING by a launcher: it is free when that has left.
    if (word === FREE || stateOf(word) === CHANGING || this.#words[entry + CHANNEL_AGENT] !== peer) return true;
    if (stateOf(word) === READY) return free(word);
    const launcher = word >>> STATE_BITS;
    const words = this.channelWords(channel);
    // While the word stays as it is, nobody else uses the channel: it is marked first.
    markEnded(words, AGENT, CHANNEL_RANKS, ring);
    const left = stateBy(CHANGING, launcher);
    if (Atomics.compareExchange(this.#words, state, word, left) !== word) return false;
    const end: RankState = Atomics.load(words, rankWord(LAUNCHER) + RANK_STATE);
    if (end !== RankState.Expected) free(left);
    return true;
  }

  /** Prepares the channel for the next launcher. `isReady` must be called when the agent listens. */
  prepare(channel: number): void {
    const entry = this.#entry(channel);
    const agent = this.#words[entry + CHANNEL_AGENT]!;
    Atomics.store(this.#words, entry + CHANNEL_STATE, stateBy(CHANGING, agent));
    const words = this.channelWords(channel);
    words.fill(0);
    formatRegion(words, channelPlan);
    enterRank(words, AGENT, agent, CONTROL_SLOT);
  }

  isReady(channel: number): void {
    Atomics.store(this.#words, this.#entry(channel) + CHANNEL_STATE, READY);
  }

  // --- The launcher's side ---

  /** Agents that wait for a launcher, in the order of their IDs. */
  readyAgents(): ReadyAgent[] {
    return Array.from({ length: this.#channels }, (_, channel) => channel)
      .filter((channel) => Atomics.load(this.#words, this.#entry(channel) + CHANNEL_STATE) === READY)
      .map((channel) => ({
        channel,
        peer: this.#words[this.#entry(channel) + CHANNEL_AGENT]!,
        slots: this.#words[this.#entry(channel) + CHANNEL_SLOTS]!,
      }))
      .sort((a, b) => a.peer - b.peer);
  }

  /** Begins a session with an agent. @returns false when another launcher was quicker */
  engage(channel: number, peer: number): boolean {
    const entry = this.#entry(channel);
    if (Atomics.compareExchange(this.#words, entry + CHANNEL_STATE, READY, stateBy(BUSY, peer)) !== READY) return false;
    enterRank(this.channelWords(channel), LAUNCHER, peer, CONTROL_SLOT);
    return true;
  }

  /** Room for a job. @param owner the launcher's peer @throws ZivmError `ERR_ZIVM_NO_SPACE` */
  allocateJob(byteLength: number, owner: number): Span {
    const granules = Math.ceil(byteLength / JOB_GRANULE_BYTES);
    const allocator = this.#allocator(owner);
    const first = allocator.allocate(granules);
    const offset = allocator.wordOf(first) * Int32Array.BYTES_PER_ELEMENT;
    new Uint8Array(this.#memory, offset, granules * JOB_GRANULE_BYTES).fill(0);
    return { offset, byteLength: granules * JOB_GRANULE_BYTES };
  }

  #allocator(owner: number): Allocator {
    const plan = {
      ...channelPlan,
      rankCount: MAX_OWNERS,
      granuleTableWord: (1 + this.#channels) * LINE_WORDS,
      granuleBytes: JOB_GRANULE_BYTES,
      granuleCount: (this.#memory.byteLength - this.#jobs) / JOB_GRANULE_BYTES,
      heapWord: this.#jobs / Int32Array.BYTES_PER_ELEMENT,
    };
    return new Allocator(this.#words, plan, owner % MAX_OWNERS);
  }

  // --- The server's side ---

  /** A client has left: its channel is free, its partner learns of it, and what it held is given back. */
  clientLeft(peer: number, ring: Ring): void {
    for (let channel = 0; channel < this.#channels; channel++) while (!this.#leave(channel, peer, ring));
    this.#reclaim(peer);
  }

  /** @returns false when the channel has changed meanwhile, and is to be looked at again */
  #leave(channel: number, peer: number, ring: Ring): boolean {
    const entry = this.#entry(channel);
    const state = entry + CHANNEL_STATE;
    const word = Atomics.load(this.#words, state);
    if (word === FREE) return true;
    const isAgent = stateOf(word) !== CHANGING && this.#words[entry + CHANNEL_AGENT] === peer;
    if (isAgent || word === stateBy(CHANGING, peer)) {
      // While the word stays as it is, nobody else uses the channel: it is marked first.
      if (stateOf(word) === BUSY) markEnded(this.channelWords(channel), AGENT, CHANNEL_RANKS, ring);
      return Atomics.compareExchange(this.#words, state, word, FREE) === word;
    }
    if (word !== stateBy(BUSY, peer)) return true;
    markEnded(this.channelWords(channel), LAUNCHER, CHANNEL_RANKS, ring);
    return Atomics.load(this.#words, state) !== stateBy(CHANGING, peer);
  }

  /** Gives back what a client held, once no agent runs ranks for it any more. */
  #reclaim(peer: number): void {
    const isServed = Array.from({ length: this.#channels }, (_, channel) => this.#entry(channel)).some(
      (entry) => Atomics.load(this.#words, entry + CHANNEL_STATE) === stateBy(BUSY, peer),
    );
    if (isServed) setTimeout(() => this.#reclaim(peer), RECLAIM_MS).unref();
    else this.#allocator(peer).reclaim(peer % MAX_OWNERS);
  }
}
