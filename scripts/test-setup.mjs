/*
 * What the tests need beside the npm packages: Spin, which checks the model of the sleep and wake-up protocol; strace,
 * which counts system calls; chromium, which shows the report; and what virtual machines need.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const tools = [
  { name: 'spin', purpose: 'the tests check a model of the wake-up protocol with it' },
  { name: 'strace', purpose: 'the tests count system calls with it' },
  { name: 'chromium', purpose: 'the tests look at the report of the benchmarks with it' },
];
const missing = () => tools.filter(({ name }) => spawnSync(name, ['--version'], { stdio: 'ignore' }).error !== undefined);

if (missing().length > 0 && process.getuid() === 0) {
  const names = missing().map(({ name }) => name);
  console.log(`zivm: installing ${names.join(' and ')}, which the tests use`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'ignore', 'inherit'], env });
  spawnSync('apt-get', ['install', '-y', '-qq', ...names], { stdio: ['ignore', 'ignore', 'inherit'], env });
}
const absent = missing();
for (const { name, purpose } of absent) console.error(`zivm: ${name} is missing: ${purpose}. Install it: apt-get install ${name}`);
if (absent.length > 0) process.exit(1);

const { status } = spawnSync(process.execPath, [join(root, 'dist/launcher/zivmrun.js'), 'setup'], { stdio: 'inherit' });
if (status !== 0) console.error('zivm: the tests in virtual machines will be skipped: the lines above say what is missing');
