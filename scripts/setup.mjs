/*
 * Makes a fresh clone ready: installs the npm packages (which compiles the addon and the TypeScript) when they are
 * missing or out of date, and compiles what has changed since. Uses nothing that is not part of Node.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const LEAST_NODE = 20;

function fail(message) {
  console.error(`zivm: ${message}`);
  process.exit(1);
}

function needs(command, packages) {
  if (spawnSync(command, ['--version'], { stdio: 'ignore' }).status !== 0) {
    fail(`${command} is missing. Install it first: apt-get install ${packages}`);
  }
}

function run(step, command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) fail(`${step} failed; the lines above say why. Once it is mended, run the same command again.`);
}

const newest = (folder) =>
  Math.max(...readdirSync(join(root, folder), { recursive: true }).map((file) => statSync(join(root, folder, file)).mtimeMs));
const modified = (file) => (existsSync(join(root, file)) ? statSync(join(root, file)).mtimeMs : 0);

if (process.platform !== 'linux') fail(`zivm needs Linux: it maps shared memory and sleeps on eventfds. This is ${process.platform}.`);
if (Number(process.versions.node.split('.')[0]) < LEAST_NODE) {
  fail(`zivm needs Node ${LEAST_NODE} or newer, this is ${process.version}: see https://nodejs.org`);
}
for (const command of ['make', 'g++', 'python3']) needs(command, 'build-essential python3');

const addons = ['build/Release/zivm.node', 'build/Release/zivm_fast.node'];
if (modified('node_modules/.package-lock.json') < modified('package-lock.json')) {
  // Not `npm ci`: it refuses a lock file without the optional packages of platforms that zivm does not run on.
  run('installing the npm packages', 'npm', ['install', '--no-audit', '--no-fund', '--no-save']);
} else if (Math.min(...addons.map(modified)) < Math.max(newest('native'), modified('binding.gyp'))) {
  run('compiling the addons', 'npm', ['run', 'install']);
}
run('compiling TypeScript', 'npm', ['run', '--silent', 'build']);
