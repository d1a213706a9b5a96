import { Comm } from 'zivm';

/** Says who it is. */
const identity: object = { rank: Comm.world.rank, size: Comm.world.size, args: process.argv.slice(2) };
console.log(JSON.stringify(identity));
