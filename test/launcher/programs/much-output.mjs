import { Comm } from 'zivm';

// Writes as many lines as its argument says, all at once, and ends.
const { rank } = Comm.world;
const lines = Array.from({ length: Number(process.argv[2]) }, (_, line) => `${rank}:${line}:${'x'.repeat(80)}\n`);
process.stdout.write(lines.join(''));
