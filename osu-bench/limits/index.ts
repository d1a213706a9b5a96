import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { output, PACKAGE, ZIVMRUN } from '../report/commands';
import type { Limits } from './rank';

/*
 * How near zivm is to what two virtual machines allow: beside C programs in the same two machines that use nothing but
 * the shared memory and the doorbell. Needs a C compiler.
 */
const folder = mkdtempSync(join(tmpdir(), 'zivm-limits-'));
try {
  const program = join(folder, 'between');
  execFileSync('cc', ['-O3', '-o', program, join(PACKAGE, 'osu-bench', 'limits', 'between.c')]);
  const { polled, woken } = JSON.parse(output(process.execPath, [ZIVMRUN, '--vms', '2', '-n', '2', join(__dirname, 'rank.js'), program])) as Limits;
  const line = (what: string, { zivm, c }: { zivm: number; c: number }): string =>
    `${what.padEnd(60)}${(zivm / 1e3).toFixed(1).padStart(12)}${(c / 1e3).toFixed(1).padStart(12)}${(zivm / c).toFixed(2).padStart(10)}`;
  console.log(`${'# between two virtual machines, us, medians of 5 rounds'.padEnd(60)}${'zivm'.padStart(12)}${'C'.padStart(12)}${'zivm / C'.padStart(10)}`);
  console.log(line('8 bytes one way, both poll', polled));
  console.log(line('8 bytes to a rank that sleeps, and back', woken));
} finally {
  rmSync(folder, { recursive: true });
}
