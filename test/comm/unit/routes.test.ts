import { Route, Routes } from '../../../src/comm/routes';

const KIB = 1024;
const LENGTH = 64 * KIB;
/** As many messages go each way at first. */
const MEASUREMENTS = 8;
/** So many slow ones are borne with. */
const FEW = 4;
/** After so many it is taken for lasting. */
const SOME = 12;
/** So often both routes are tried within as many messages, at first. */
const ROUND = 256;
/** Later each round is twice as long as the one before, up to this. */
const LONGEST_ROUND = 4096;
const TRIALS = 16;

/** Sends messages that take so long by each route. @returns how many went directly */
function run(routes: Routes, messages: number, { directMs, inMs, outMs }: { directMs: number; inMs: number; outMs: number }, length = LENGTH): number {
  let direct = 0;
  for (let i = 0; i < messages; i++) {
    if (routes.choose(length) === Route.Direct) {
      direct++;
      routes.tookDirect(length, directMs);
    } else {
      routes.tookRegion(length, inMs, outMs);
    }
  }
  return direct;
}

const NEAR = { directMs: 2, inMs: 1, outMs: 1 };
const FAR = { directMs: 2, inMs: 4, outMs: 4 };

test('both routes are tried first, then the quicker one is taken, but for some messages at the end of a round', () => {
  const near = new Routes();
  expect(run(near, 2 * MEASUREMENTS, NEAR)).toBe(MEASUREMENTS);
  expect(run(near, ROUND - TRIALS, NEAR)).toBe(0);
  expect(run(near, TRIALS, NEAR)).toBe(TRIALS);

  const far = new Routes();
  expect(run(far, MEASUREMENTS, FAR)).toBe(0);
  expect(run(far, ROUND - TRIALS, FAR)).toBe(ROUND - TRIALS);
  expect(run(far, TRIALS, FAR)).toBe(0);
});

test('rounds become longer while the same route is the quicker one, and short again when the other one is', () => {
  const routes = new Routes();
  run(routes, 2 * MEASUREMENTS, NEAR);
  for (const round of [ROUND, 2 * ROUND, 4 * ROUND, 8 * ROUND, LONGEST_ROUND, LONGEST_ROUND]) {
    expect(run(routes, round - TRIALS, NEAR)).toBe(0);
    expect(run(routes, TRIALS, NEAR)).toBe(TRIALS);
  }
  run(routes, SOME, FAR);
  expect(run(routes, SOME, FAR)).toBe(SOME);
  expect(run(routes, ROUND, FAR)).toBe(ROUND - TRIALS);
});

test.each([
  ['in', { directMs: 2, inMs: 3, outMs: 1 }],
  ['out', { directMs: 2, inMs: 1, outMs: 3 }],
])('the slower one of the two copies through the region counts: %s', (_, times) => {
  const routes = new Routes();
  run(routes, MEASUREMENTS, times);
  expect(run(routes, ROUND, times)).toBe(ROUND - TRIALS);
});

test('a few slow messages change nothing, a lasting change is seen after some', () => {
  const routes = new Routes();
  run(routes, 2 * MEASUREMENTS, NEAR);
  expect(run(routes, FEW, FAR)).toBe(0);
  expect(run(routes, 2, NEAR)).toBe(0);
  // However slow one of them is.
  expect(run(routes, FEW, { directMs: 2, inMs: 1000, outMs: 1000 })).toBe(0);
  expect(run(routes, 2, NEAR)).toBe(0);
  run(routes, SOME, FAR);
  expect(run(routes, 10, FAR)).toBe(10);
});

test('a route that has become quicker is taken after the next trial', () => {
  const routes = new Routes();
  run(routes, MEASUREMENTS, FAR);
  expect(run(routes, ROUND - TRIALS, NEAR)).toBe(ROUND - TRIALS);
  expect(run(routes, 2, NEAR)).toBe(0);
  expect(run(routes, ROUND - TRIALS, NEAR)).toBe(0);
});

test('lengths are told apart by their binary order of magnitude', () => {
  const routes = new Routes();
  run(routes, 2 * MEASUREMENTS, NEAR, LENGTH);
  run(routes, 2 * MEASUREMENTS, FAR, 2 * LENGTH);
  expect(run(routes, 10, NEAR, 2 * LENGTH - 1)).toBe(0);
  expect(run(routes, 10, FAR, 4 * LENGTH - 1)).toBe(10);
  // All that is very long counts as one, also beyond 32 bits.
  const long = 2 ** 22;
  run(routes, 2 * MEASUREMENTS, FAR, long);
  expect(run(routes, 10, FAR, 2 ** 33 + 1)).toBe(10);
});
