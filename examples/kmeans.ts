/*
 * k-means over 200,000 flights: rank 0 reads them and gives each rank its share, and then every round is local work and
 * one allreduce. All sums are of whole numbers, so the result is the same, to the last digit, on any number of ranks:
 *
 *   npx zivmrun -n 4 examples/kmeans.ts
 *   npx zivmrun -n 1 examples/kmeans.ts
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Comm } from 'zivm';

interface Flight {
  /** Minutes; negative when it was early. */
  delay: number;
  /** Miles. */
  distance: number;
  /** Departure, in hours of the day. */
  time: number;
}

const CLUSTERS = 5;
const FEATURES = 3;
const MAX_ROUNDS = 200;

const comm = Comm.world;
const start = performance.now();

/** Flights one after the other: delay and departure in minutes, distance in miles, all whole numbers. */
function readFlights(): Float64Array {
  const dataSets = dirname(require.resolve('vega-datasets'));
  const file = join(dataSets, '..', 'data', 'flights-200k.json');
  const flights = JSON.parse(readFileSync(file, 'utf8')) as Flight[];
  return Float64Array.from(flights.flatMap(({ delay, distance, time }) => [delay, distance, Math.round(time * 60)]));
}

/** Gives every rank its share of the flights. */
function shareOut(): Float64Array {
  if (comm.rank > 0) {
    const share = new Float64Array(comm.probe(0).count(Float64Array));
    comm.recv(share, 0);
    return share;
  }
  const all = readFlights();
  const firstOf = (rank: number): number => Math.floor((all.length / FEATURES) * (rank / comm.size)) * FEATURES;
  for (let rank = 1; rank < comm.size; rank++) comm.send(all.subarray(firstOf(rank), firstOf(rank + 1)), rank);
  return all.subarray(0, firstOf(1));
}

/** One over the standard deviation of each feature over all ranks, so that minutes and miles weigh the same. */
function scales(flights: Float64Array): number[] {
  const sums = new Float64Array(1 + 2 * FEATURES);
  sums[0] = flights.length / FEATURES;
  flights.forEach((value, i) => {
    sums[1 + (i % FEATURES)]! += value;
    sums[1 + FEATURES + (i % FEATURES)]! += value * value;
  });
  const total = new Float64Array(sums.length);
  comm.allreduce(sums, total);
  return Array.from({ length: FEATURES }, (_, f) => {
    const mean = total[1 + f]! / total[0]!;
    return 1 / Math.sqrt(total[1 + FEATURES + f]! / total[0]! - mean * mean);
  });
}

/** The centre that is nearest to flight `i`. */
function nearest(flights: Float64Array, i: number, centres: Float64Array, scale: number[]): number {
  let best = 0;
  let bestDistance = Infinity;
  for (let c = 0; c < CLUSTERS; c++) {
    let distance = 0;
    for (let f = 0; f < FEATURES; f++) {
      const difference = (flights[i * FEATURES + f]! - centres[c * FEATURES + f]!) * scale[f]!;
      distance += difference * difference;
    }
    if (distance < bestDistance) {
      best = c;
      bestDistance = distance;
    }
  }
  return best;
}

const flights = shareOut();
const count = flights.length / FEATURES;
const scale = scales(flights);

// The first centres are flights of rank 0, spread over its share by a fixed step from its front.
const centres = new Float64Array(CLUSTERS * FEATURES);
if (comm.rank === 0) for (let c = 0; c < CLUSTERS; c++) centres.set(flights.subarray(c * 1000 * FEATURES, (c * 1000 + 1) * FEATURES), c * FEATURES);
comm.bcast(centres);

const cluster = new Uint8Array(count).fill(CLUSTERS);
const local = new Float64Array(CLUSTERS * (1 + FEATURES));
const global = new Float64Array(local.length);
let rounds = 0;
for (let moved = Infinity; moved > 0 && rounds < MAX_ROUNDS; rounds++) {
  local.fill(0);
  let movedHere = 0;
  for (let i = 0; i < count; i++) {
    const c = nearest(flights, i, centres, scale);
    if (cluster[i] !== c) movedHere++;
    cluster[i] = c;
    local[c * (1 + FEATURES)]! += 1;
    for (let f = 0; f < FEATURES; f++) local[c * (1 + FEATURES) + 1 + f]! += flights[i * FEATURES + f]!;
  }
  comm.allreduce(local, global);
  for (let c = 0; c < CLUSTERS; c++) {
    const size = global[c * (1 + FEATURES)]!;
    for (let f = 0; f < FEATURES && size > 0; f++) centres[c * FEATURES + f] = global[c * (1 + FEATURES) + 1 + f]! / size;
  }
  moved = comm.allreduce(movedHere);
}

if (comm.rank === 0) {
  const total = Array.from({ length: CLUSTERS }, (_, c) => global[c * (1 + FEATURES)]!).reduce((a, b) => a + b);
  console.log(`\n${total} flights in ${CLUSTERS} clusters, on ${comm.size} rank${comm.size === 1 ? '' : 's'}, after ${rounds} rounds:\n`);
  console.log('  flights   mean delay   mean distance   mean departure');
  for (let c = 0; c < CLUSTERS; c++) {
    const [delay, distance, departure] = centres.subarray(c * FEATURES, (c + 1) * FEATURES);
    const clock = `${Math.floor(departure! / 60)}:${String(Math.floor(departure! % 60)).padStart(2, '0')}`;
    console.log(
      `${String(global[c * (1 + FEATURES)]).padStart(9)}${`${delay!.toFixed(3)} min`.padStart(13)}` +
        `${`${distance!.toFixed(3)} mi`.padStart(16)}${clock.padStart(17)}`,
    );
  }
  console.log(`\ntook ${((performance.now() - start) / 1000).toFixed(2)} s`);
  if (comm.size > 1) console.log('\nOne rank finds the same: npx zivmrun -n 1 examples/kmeans.ts');
}
