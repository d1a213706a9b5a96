// Writes a file; the program's argument names it.
import { writeFileSync } from 'node:fs';
import { Comm } from 'zivm';
const comm = Comm.world;
try {
  writeFileSync(`${process.argv[2]}.${comm.rank}`, `from rank ${comm.rank}`);
  console.log(`rank ${comm.rank} has written`);
} catch (error) {
  console.log(`rank ${comm.rank}: ${error.code}`);
}
comm.barrier();
