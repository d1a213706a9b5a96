import { setTimeout as sleep } from 'node:timers/promises';
import { AGENT, LAUNCHER, Pool } from '../../../launcher/vm/pool';
import { until } from '../../support/launcher';
import { RANK_ARMED, RANK_PEER, RANK_STATE, RankState, rankWord } from '../../../src/ring/layout';

const BYTES = 32 << 20;
const CHANNELS = 3;
const refused = (code: string): Error => expect.objectContaining({ code }) as Error;
const silent = (): void => undefined;

const agentJoins = (pool: Pool, peer: number): number => {
  const channel = pool.join(peer, 4, silent);
  pool.prepare(channel);
  pool.isReady(channel);
  return channel;
};

function isFree(pool: Pool, byteLength: number): boolean {
  try {
    pool.allocateJob(byteLength, 21);
    return true;
  } catch {
    return false;
  }
}

test('who opens it sees what was laid out', () => {
  const memory = new ArrayBuffer(BYTES);
  const channel = agentJoins(Pool.format(memory, CHANNELS), 7);
  expect(Pool.open(memory).readyAgents()).toEqual([{ channel, peer: 7, slots: 4 }]);
});

test('memory that is none, and memory that is too small, are refused', () => {
  expect(() => Pool.open(new ArrayBuffer(BYTES))).toThrow(refused('ERR_ZIVM_VERSION'));
  expect(() => Pool.format(new ArrayBuffer(1 << 20), CHANNELS)).toThrow(refused('ERR_ZIVM_NO_SPACE'));
});

test('agents are listed in the order of their IDs, until one is engaged', () => {
  const pool = Pool.format(new ArrayBuffer(BYTES), CHANNELS);
  const channels = [9, 2, 5].map((peer) => agentJoins(pool, peer));
  expect(new Set(channels).size).toBe(3);
  expect(pool.readyAgents().map(({ peer }) => peer)).toEqual([2, 5, 9]);
  expect(() => pool.join(11, 4, silent)).toThrow(refused('ERR_ZIVM_NO_SPACE'));
  expect(pool.engage(channels[1]!, 20)).toBe(true);
  expect(pool.engage(channels[1]!, 21)).toBe(false);
  expect(pool.readyAgents().map(({ peer }) => peer)).toEqual([5, 9]);
  const words = pool.channelWords(channels[1]!);
  expect([words[rankWord(LAUNCHER) + RANK_PEER], words[rankWord(AGENT) + RANK_PEER]]).toEqual([20, 2]);
});

test('channels and parts of jobs do not overlap', () => {
  const memory = new ArrayBuffer(BYTES);
  const pool = Pool.format(memory, CHANNELS);
  const spans = [0, 1, 2].map((channel) => {
    const { byteOffset, byteLength } = pool.channelWords(channel);
    return [byteOffset, byteOffset + byteLength] as const;
  });
  for (const owner of [20, 21]) {
    const { offset, byteLength } = pool.allocateJob(3 << 20, owner);
    expect(byteLength).toBe(3 << 20);
    spans.push([offset, offset + byteLength]);
  }
  spans.sort(([a], [b]) => a - b);
  for (let i = 1; i < spans.length; i++) expect(spans[i]![0]).toBeGreaterThanOrEqual(spans[i - 1]![1]);
  expect(spans[0]![0]).toBeGreaterThanOrEqual((1 + CHANNELS) * 64);
  expect(spans[spans.length - 1]![1]).toBeLessThanOrEqual(memory.byteLength);
});

test('what a launcher held is free when it has left', () => {
  const pool = Pool.format(new ArrayBuffer(BYTES), CHANNELS);
  const { byteLength } = pool.allocateJob(20 << 20, 20);
  expect(() => pool.allocateJob(byteLength, 21)).toThrow(refused('ERR_ZIVM_NO_SPACE'));
  pool.clientLeft(20, silent);
  expect(pool.allocateJob(byteLength, 21).byteLength).toBe(byteLength);
});

test('who was engaged with a client that leaves learns of it; an agent that leaves makes room', () => {
  const pool = Pool.format(new ArrayBuffer(BYTES), CHANNELS);
  const channel = agentJoins(pool, 2);
  pool.engage(channel, 20);
  const state = (rank: number): number | undefined => pool.channelWords(channel)[rankWord(rank) + RANK_STATE];
  pool.clientLeft(20, silent);
  expect([state(LAUNCHER), state(AGENT)]).toEqual([RankState.Dead, RankState.Expected]);
  expect(pool.readyAgents()).toEqual([]); // it has to end what the launcher started first
  pool.clientLeft(2, silent);
  expect(state(AGENT)).toBe(RankState.Dead);
  expect(agentJoins(pool, 3)).toBe(channel);
});

test('the memory of a job is kept while an agent runs its ranks, although its launcher has gone', async () => {
  const pool = Pool.format(new ArrayBuffer(BYTES), CHANNELS);
  const channel = agentJoins(pool, 2);
  const { byteLength } = pool.allocateJob(20 << 20, 20);
  pool.engage(channel, 20);
  pool.clientLeft(20, silent);
  await sleep(300);
  expect(() => pool.allocateJob(byteLength, 21)).toThrow(refused('ERR_ZIVM_NO_SPACE'));
  pool.prepare(channel); // the agent has ended them
  await until(() => isFree(pool, byteLength), () => 'the memory to be given back');
});

describe('an agent that starts again in a machine that has lived on', () => {
  test('is listed once', () => {
    const pool = Pool.format(new ArrayBuffer(BYTES), CHANNELS);
    agentJoins(pool, 2);
    agentJoins(pool, 3);
    const channel = agentJoins(pool, 2);
    expect(pool.readyAgents().map(({ peer }) => peer)).toEqual([2, 3]);
    expect(pool.engage(channel, 20)).toBe(true);
  });

  test('lets the launcher that it served know, and takes that channel no more before the launcher has left', () => {
    const pool = Pool.format(new ArrayBuffer(BYTES), 2);
    const rung: number[] = [];
    const before = agentJoins(pool, 2);
    pool.engage(before, 20);
    pool.channelWords(before)[rankWord(LAUNCHER) + RANK_ARMED] = 1;
    const after = pool.join(2, 4, (peer) => rung.push(peer));
    expect(after).not.toBe(before);
    expect(pool.channelWords(before)[rankWord(AGENT) + RANK_STATE]).toBe(RankState.Dead);
    expect(rung).toEqual([20]);
    expect(() => pool.join(3, 4, silent)).toThrow(refused('ERR_ZIVM_NO_SPACE'));
    pool.clientLeft(20, silent);
    expect(pool.join(3, 4, silent)).toBe(before);
  });

  test('takes the channel again when that launcher has left already', () => {
    const pool = Pool.format(new ArrayBuffer(BYTES), 1);
    const channel = agentJoins(pool, 2);
    pool.engage(channel, 20);
    pool.clientLeft(20, silent);
    expect(pool.join(2, 4, silent)).toBe(channel);
  });
});

test('an agent that dies before it is ready makes room', () => {
  const pool = Pool.format(new ArrayBuffer(BYTES), 1);
  pool.join(65_535, 4, silent);
  expect(() => pool.join(3, 4, silent)).toThrow(refused('ERR_ZIVM_NO_SPACE'));
  pool.clientLeft(4, silent);
  expect(() => pool.join(3, 4, silent)).toThrow(refused('ERR_ZIVM_NO_SPACE'));
  pool.clientLeft(65_535, silent);
  expect(pool.join(3, 4, silent)).toBe(0);
});
