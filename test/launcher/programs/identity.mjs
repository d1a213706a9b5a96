import { Comm } from 'zivm';

console.log(JSON.stringify({ rank: Comm.world.rank, size: Comm.world.size, args: process.argv.slice(2) }));
