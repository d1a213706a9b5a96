import { Comm } from 'zivm';

/*
 * Waits for a signal in the event loop. What it does then is its first argument: `end` ends the process by itself,
 * `ignore` goes on.
 */

const [, , reaction] = process.argv;
const { rank } = Comm.world;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    console.log(`rank ${rank} got ${signal}`);
    if (reaction === 'end') process.exit(0);
  });
}
setInterval(() => undefined, 1000);
console.log(`rank ${rank} is ready`);
