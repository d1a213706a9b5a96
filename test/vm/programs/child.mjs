// A program that a rank starts is no rank itself, although it inherits the rank's variables.
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Comm } from 'zivm';

const comm = Comm.world;
const zivm = join(dirname(fileURLToPath(import.meta.url)), '../../../dist/src/index.js');
const { status, stderr } = spawnSync(process.execPath, ['-e', `require(${JSON.stringify(zivm)}).Comm.world`], { encoding: 'utf8' });
assert.equal(status, 1);
assert.match(stderr, /ERR_ZIVM_LAUNCH/);
assert.match(stderr, /a program that a rank starts is no rank itself/);
assert.equal(comm.allreduce(1), comm.size);
console.log(`rank ${comm.rank} is done`);
