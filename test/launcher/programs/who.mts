// The same for a module in TypeScript.
import { argv, cwd, env, pid } from 'node:process';

const rank: string | undefined = env.ZIVM_RANK;
console.log(JSON.stringify({ pid, argv: argv.slice(1), cwd: cwd(), rank, url: import.meta.url }));
