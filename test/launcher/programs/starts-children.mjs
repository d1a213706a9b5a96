import { spawn } from 'node:child_process';
import { setInterval } from 'node:timers';
import { Comm } from 'zivm';

/*
 * Each rank starts a child that outlives it unless somebody ends it, then does what the arguments say:
 * `keep-output` or `no-output` for the child; `own-group` puts it into a process group of its own.
 * `end`, `busy`, `wait` or `idle` is what the rank does afterwards.
 */
const words = process.argv.slice(2);
const comm = Comm.world;
spawn('sleep', ['1000'], {
  stdio: words.includes('keep-output') ? 'inherit' : 'ignore',
  detached: words.includes('own-group'),
}).unref();
console.log(`rank ${comm.rank} is ready`);
if (words.includes('busy') && comm.rank === 0) for (;;);
if (words.includes('busy') && comm.rank === 1) comm.recv(new Uint8Array(1), 0);
if (!words.includes('end')) setInterval(() => undefined, 1000);
