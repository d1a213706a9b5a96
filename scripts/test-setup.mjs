/*
 * What the tests need beside the npm packages: Spin, which checks the model of the sleep and wake-up protocol, and what
 * virtual machines need.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const hasSpin = () => spawnSync('spin', ['-V'], { stdio: 'ignore' }).status === 0;

if (!hasSpin() && process.getuid() === 0) {
  console.log('zivm: installing spin, the model checker that the tests use');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'ignore', 'inherit'], env });
  spawnSync('apt-get', ['install', '-y', '-qq', 'spin'], { stdio: ['ignore', 'ignore', 'inherit'], env });
}
if (!hasSpin()) {
  console.error('zivm: spin is missing: the tests check a model of the wake-up protocol with it. Install it: apt-get install spin');
  process.exit(1);
}

const { status } = spawnSync(process.execPath, [join(root, 'dist/launcher/zivmrun.js'), 'setup'], { stdio: 'inherit' });
if (status !== 0) console.error('zivm: the tests in virtual machines will be skipped: the lines above say what is missing');
