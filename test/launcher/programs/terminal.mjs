import { openSync, readFileSync } from 'node:fs';

/* Prints whether zivmrun has a terminal, and what becomes of opening it here. */

const [, , , , terminal] = readFileSync(`/proc/${process.ppid}/stat`, 'latin1').replace(/^.*\) /, '').split(' ');
let result = 'opened';
try {
  openSync('/dev/tty', 'r+');
} catch ({ code }) {
  result = code;
}
console.log(`zivmrun's terminal is ${terminal === '0' ? 'none' : 'there'}, the rank's ${result}`);
