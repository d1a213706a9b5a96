/*
 * Ranks with worker threads: each rank estimates pi with a pool of threads (piscina), and awaits what the others have
 * found while its own threads go on. An awaited request never blocks the event loop, so the pool keeps running.
 *
 *   npx zivmrun -n 2 examples/hybrid.ts
 */
import { join } from 'node:path';
import { Piscina } from 'piscina';
import { Comm } from 'zivm';

const comm = Comm.world;
const TASKS = 8;
const SAMPLES = 500_000;

async function main(): Promise<void> {
  const pool = new Piscina({ filename: join(__dirname, 'hybrid-worker.mjs'), maxThreads: 2 });
  const others = Array.from({ length: comm.size }, (_, rank) => rank).filter((rank) => rank !== comm.rank);
  // Posted before the work begins: what comes is received while the threads are busy.
  const incoming = others.map((rank) => comm.irecvObject<{ hits: number; samples: number }>(rank));

  const seeds = Array.from({ length: TASKS }, (_, task) => comm.rank * TASKS + task + 1);
  const hits = await Promise.all(seeds.map((seed) => pool.run({ seed, samples: SAMPLES }) as Promise<number>));
  const mine = { hits: hits.reduce((a, b) => a + b), samples: TASKS * SAMPLES };
  for (const rank of others) comm.isendObject(mine, rank);

  const all = [mine, ...(await Promise.all(incoming))];
  const samples = all.reduce((sum, part) => sum + part.samples, 0);
  const pi = (4 * all.reduce((sum, part) => sum + part.hits, 0)) / samples;
  console.log(`rank ${comm.rank}: pi is about ${pi.toFixed(4)}, after ${samples} samples on ${comm.size} ranks`);
  await pool.destroy();
}

void main();
