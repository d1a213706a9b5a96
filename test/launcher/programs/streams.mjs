import { Comm } from 'zivm';

const { rank } = Comm.world;
console.log(`out of ${rank}`);
console.error(`err of ${rank}`);
