import { Comm } from 'zivm';

process.stdout.write(`a line\nno newline after ${Comm.world.rank}`);
