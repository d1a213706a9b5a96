import { readFileSync } from 'node:fs';
import { Comm } from 'zivm';

// Prints how many of the bytes of some typed arrays are in pages of 2 MiB.
const hugeKiB = () => Number(/^AnonHugePages:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/smaps_rollup', 'latin1'))[1]);
const { rank } = Comm.world;
const before = hugeKiB();
const arrays = Array.from({ length: 16 }, () => new Uint8Array(1 << 20).fill(1));
console.log(JSON.stringify({ rank, arrays: arrays.length, hugeBytes: (hugeKiB() - before) * 1024, tunables: process.env.GLIBC_TUNABLES }));
