import { Comm } from 'zivm';

let text = '';
for await (const chunk of process.stdin.setEncoding('utf8')) text += chunk;
console.log(`rank ${Comm.world.rank} read ${text.length} characters: ${text.slice(0, 20).trim()}`);
