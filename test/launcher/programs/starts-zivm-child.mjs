import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath, URL } from 'node:url';
import { Comm } from 'zivm';

// Starts a program that uses zivm, and that inherits the environment of a rank but not its connection.
const { rank } = Comm.world;
const file = process.argv[2] === 'descriptor' ? openSync('/dev/null', 'r') : 'ignore';
const child = fileURLToPath(new URL('identity.mjs', import.meta.url));
const { status, stdout, stderr } = spawnSync(process.execPath, [child], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe', file] });
if (file !== 'ignore') closeSync(file);
console.log(JSON.stringify({ rank, status, stdout, stderr }));
