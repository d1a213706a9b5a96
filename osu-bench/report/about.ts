import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { chooseAccel } from '../../launcher/vm/accel';
import { canStartGuests, examine } from '../../launcher/vm/doctor';
import { makeNetwork } from '../../launcher/vm/network';
import { PACKAGE } from './commands';
import { median } from './measurement';
import { machine } from './plan';
import type { Rounds } from './run';
import type { About } from './words';

/** Programs beside Node whose versions matter: what they print, and which part of it is the version. */
const PROGRAMS = [
  { name: 'MPICH', command: 'mpirun.mpich', version: /Version:\s+(\S+)/ },
  { name: 'Open MPI', command: 'mpirun.openmpi', version: /\((?:Open MPI|OpenRTE)\) (\S+)/ },
  { name: 'iperf', command: 'iperf3', version: /iperf (\S+)/ },
  { name: 'QEMU', command: 'qemu-system-x86_64', version: /version (\S+)/ },
];

/** What the report says of the run. */
export function about(done: Rounds, options: string): About {
  const [from, to] = done.span.map((at) => at.slice(0, 16).replace('T', ' ')) as [string, string];
  const { version } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as { version: string };
  return {
    machine: machine(),
    versions: [`Linux ${release()}`, `Node ${process.version}`, `zivm ${version}`, ...PROGRAMS.flatMap(versionOf)].join(', '),
    options,
    guests: guests(),
    date: `Measured from ${from} to ${to} UTC`,
    load: `Before the runs others kept the machine ${median(done.busy)} % busy, ${Math.max(...done.busy)} % at most${paceOf(done)}`,
  };
}

function paceOf({ flagNs }: Rounds): string {
  if (flagNs.length === 0) return '';
  return `; a flag took ${median(flagNs)} ns from one core to another, ${flagNs.reduce((a, b) => Math.min(a, b))} to ${flagNs.reduce((a, b) => Math.max(a, b))}`;
}

/** A program that is not there has no version; the measurements say that it is absent. */
function versionOf({ name, command, version }: (typeof PROGRAMS)[number]): string[] {
  const { stdout } = spawnSync(command, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const found = version.exec(stdout ?? '');
  return found === null ? [] : [`${name} ${found[1]}`];
}

function guests(): string {
  if (!canStartGuests(examine())) return 'No virtual machines';
  const accel = chooseAccel('auto');
  const network = makeNetwork(2, accel);
  network.close();
  return `Virtual machines under ${accel === 'kvm' ? 'KVM' : 'emulation (TCG)'}, their network ${network.kind}`;
}
