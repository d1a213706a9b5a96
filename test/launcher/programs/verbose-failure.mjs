import { Comm } from 'zivm';

// Rank 0 writes a little, rank 1 much to both streams; then it fails.
const { rank } = Comm.world;
Comm.world.barrier();
if (rank === 1) {
  for (let line = 1; line <= 100; line++) console.log(`line ${line} of rank 1`);
  console.error('the reason');
  process.exit(9);
}
for (let line = 1; line <= 5; line++) console.log(`line ${line} of rank 0`);
