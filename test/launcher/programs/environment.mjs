import { Comm } from 'zivm';

// Prints the variables that its arguments name, and where it runs.
const { rank } = Comm.world;
const variables = Object.fromEntries(process.argv.slice(2).map((name) => [name, process.env[name] ?? null]));
console.log(JSON.stringify({ rank, folder: process.cwd(), variables }));
