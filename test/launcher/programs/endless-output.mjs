import { setInterval } from 'node:timers';
import { Comm } from 'zivm';

const { rank } = Comm.world;
setInterval(() => console.log(`rank ${rank} writes`), 10);
