/* The main job, on real data; then a small one in virtual machines, where this machine can start them. */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);

function zivmrun(...args) {
  const { status } = spawnSync(process.execPath, [join(root, 'dist/launcher/zivmrun.js'), ...args], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

zivmrun('-n', '4', 'examples/kmeans.ts');

const { canStartGuests, examine } = require('../dist/launcher/vm/doctor.js');
const checks = examine();
if (canStartGuests(checks)) {
  console.log('\nThe same library between two virtual machines (zivmrun --vms 2 -n 2 examples/hello.ts); they boot first:');
  zivmrun('--vms', '2', '-n', '2', 'examples/hello.ts');
} else {
  const missing = checks.filter(({ ok, isNeeded }) => isNeeded && !ok).map(({ name }) => name);
  console.log(`\nNo virtual machines here: ${missing.join(', ')} missing. 'npx zivmrun setup' fetches that; then 'npx zivmrun --vms 4 -n 4 PROGRAM'.`);
}
