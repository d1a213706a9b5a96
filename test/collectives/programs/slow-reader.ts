import assert from 'node:assert/strict';
import { Op } from 'zivm';
import { join } from '../../comm/e2e/programs/support/job';
import { pause } from './support/pause';

/*
 * From two ranks on, short collectives in which one rank only gives and another only takes, again and again: the giver
 * is free to go on at once, and must not overwrite what the slow taker has yet to read.
 */

const GIVER = 0;
const ROUNDS = 200;
/** How often the taker is late. */
const LATE_EVERY = 4;
const LATE_MS = 2;
/** One element, and as many as a short collective may have. */
const COUNTS = [1, 128];

const comm = join();
const { rank, size } = comm;
const taker = size - 1;

const value = (of: number, round: number, i: number): number => of * 1_000_000 + round * 1000 + i;

/** Late when it is called, or between two calls. */
function beLate(round: number): void {
  if (rank === taker && round % LATE_EVERY === 0) pause(LATE_MS);
}

function bcasts(count: number): void {
  const buf = new Float64Array(count);
  for (let round = 0; round < ROUNDS; round++) {
    beLate(round);
    if (rank === GIVER) for (let i = 0; i < count; i++) buf[i] = value(GIVER, round, i);
    comm.bcast(buf, GIVER);
    for (let i = 0; i < count; i++) assert.equal(buf[i], value(GIVER, round, i), `bcast ${round}, element ${i} of ${count}`);
  }
}

function reductions(count: number): void {
  const buf = new Float64Array(count);
  const got = new Float64Array(count);
  for (let round = 0; round < ROUNDS; round++) {
    beLate(round);
    for (let i = 0; i < count; i++) buf[i] = value(rank, round, i);
    comm.reduce(buf, rank === taker ? got : null, Op.SUM, taker);
    // The values of all ranks are those of the same round.
    const ranks = (size * (size - 1)) / 2;
    if (rank === taker) for (let i = 0; i < count; i++) assert.equal(got[i], ranks * 1_000_000 + size * value(0, round, i), `reduce ${round}, element ${i} of ${count}`);
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

for (const count of COUNTS) bcasts(count);
for (const count of COUNTS) reductions(count);
barriers();
