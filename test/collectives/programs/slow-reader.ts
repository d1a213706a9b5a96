import assert from 'node:assert/strict';
import { Op } from 'zivm';
import { join } from '../../comm/e2e/programs/support/job';
import { pause } from './support/pause';

/*
 * From two ranks on, collectives in which one rank only gives and another only takes, again and again: the giver
 * is free to go on at once, and must not overwrite what the slow taker has yet to read.
 */

const GIVER = 0;
/** Rounds with short data and with long. */
const ROUNDS = 200;
const LONG_ROUNDS = 30;
/** How often the taker is late. */
const LATE_EVERY = 4;
const LATE_MS = 2;
/** One element, and as many as a short collective may have; and long data, in one piece, or in several. */
const COUNTS = [1, 128];
const LONG_COUNTS = [700, 6000, 20_000];
/** Where ranks share cores, a broadcast of so many takes the room of several ranks. */
const LONGEST_COUNT = 70_000;

const comm = join();
const { rank, size } = comm;
const taker = size - 1;

const value = (of: number, round: number, i: number): number => of * 100_000_000 + round * 100_000 + i;

function expectSame(got: number, wanted: number, call: string, round: number, i: number): void {
  if (got !== wanted) assert.fail(`${call} ${round}, element ${i} is ${got} instead of ${wanted}`);
}

/** Late when it is called, or between two calls. */
function beLate(round: number): void {
  if (rank === taker && round % LATE_EVERY === 0) pause(LATE_MS);
}

function bcasts(count: number, rounds: number, giver = GIVER): void {
  const buf = new Float64Array(count);
  for (let round = 0; round < rounds; round++) {
    beLate(round);
    if (rank === giver) for (let i = 0; i < count; i++) buf[i] = value(giver, round, i);
    comm.bcast(buf, giver);
    for (let i = 0; i < count; i++) expectSame(buf[i]!, value(giver, round, i), 'bcast', round, i);
  }
}

function reductions(count: number, rounds: number): void {
  const buf = new Float64Array(count);
  const got = new Float64Array(count);
  for (let round = 0; round < rounds; round++) {
    beLate(round);
    for (let i = 0; i < count; i++) buf[i] = value(rank, round, i);
    comm.reduce(buf, rank === taker ? got : null, Op.SUM, taker);
    // The values of all ranks are those of the same round.
    const ranks = (size * (size - 1)) / 2;
    if (rank === taker) for (let i = 0; i < count; i++) expectSame(got[i]!, ranks * 100_000_000 + size * value(0, round, i), 'reduce', round, i);
  }
}

/** What one gives may lie where others write in the operation after the next; the one between them waits for nobody. */
function inTurn(): void {
  for (let round = 0; round < LONG_ROUNDS; round++) {
    bcasts(LONGEST_COUNT, 1);
    bcasts(1, 1, 1);
    reductions(LONGEST_COUNT, 1);
    bcasts(1, 1, 1);
  }
}

/** A barrier ends only when the slow rank has come, however many barriers the others have behind them. */
function barriers(): void {
  for (let round = 0; round < ROUNDS; round++) {
    beLate(round);
    if (rank === taker) for (let other = 0; other < taker; other++) comm.send(Int32Array.of(round), other, 3);
    comm.barrier();
    if (rank === taker) continue;
    assert.equal(comm.iprobe(taker, 3)?.byteLength, 4, `rank ${rank} left barrier ${round} before rank ${taker} had come`);
    const told = new Int32Array(1);
    comm.recv(told, taker, 3);
    assert.equal(told[0], round);
  }
}

for (const count of COUNTS) bcasts(count, ROUNDS);
for (const count of LONG_COUNTS) bcasts(count, LONG_ROUNDS);
for (const count of COUNTS) reductions(count, ROUNDS);
for (const count of LONG_COUNTS) reductions(count, LONG_ROUNDS);
inTurn();
barriers();
