import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program, startZivmrun, type TestProcess } from '../support/launcher';

/*
 * However a job ends, nothing of it is left: no process, no memory, no file.
 */

const RANKS = 3;
const temporary = mkdtempSync(join(tmpdir(), 'zivm-leftovers-'));
afterAll(() => rmSync(temporary, { recursive: true }));

function start(...words: string[]): TestProcess {
  return startZivmrun(['-n', String(RANKS), program('starts-children.mjs'), ...words], { env: { TMPDIR: temporary } });
}

/** Files of shared memory, but for those of other programs that come and go. */
const sharedMemory = (): string[] => readdirSync('/dev/shm').filter((name) => name.includes('zivm'));

const mapsRegion = (pid: number): boolean => readFileSync(`/proc/${pid}/maps`, 'latin1').includes('/memfd:zivm-region');

describe('when zivmrun is killed with SIGKILL', () => {
  test('busy, waiting and idle ranks and what they have started end, and no file is left', async () => {
    const job = start('busy', 'no-output');
    await job.printed(/is ready/, RANKS);
    // zivmrun, the ranks, and a child of each.
    const processes = job.processes();
    expect(processes).toHaveLength(1 + 2 * RANKS);
    // The memory of the region has no name in any file system: it goes with the last who maps it.
    expect(processes.filter(mapsRegion)).toHaveLength(1 + RANKS);
    expect(sharedMemory()).toEqual([]);
    job.signal('SIGKILL');
    expect(await job.ended).toMatchObject({ signal: 'SIGKILL' });
    await job.gone();
    expect(sharedMemory()).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
  });

  test('so do TypeScript programs', async () => {
    const job = startZivmrun(['-n', '3', program('blocked.ts')]);
    await job.printed(/is ready/, 3);
    job.signal('SIGKILL');
    await job.ended;
    await job.gone();
  });
});

describe('when the ranks have ended', () => {
  test.each(['no-output', 'keep-output'])('a child that one has started ends too (%s)', async (output) => {
    const job = start('end', output);
    expect(await job.ended).toMatchObject({ exitCode: 0 });
    await job.gone();
    expect(readdirSync(temporary)).toEqual([]);
  });

  test('a child with a process group of its own may live on, but does not keep the job alive', async () => {
    const job = start('end', 'keep-output', 'own-group');
    try {
      // Such a child holds the rank's pipes open, so its output never ends.
      expect(await job.ended).toMatchObject({ exitCode: 0 });
      expect(job.processes()).toHaveLength(RANKS);
    } finally {
      job.killAll();
    }
  });
});

test('when the job is ended by a signal, so are children of ranks', async () => {
  const job = start('idle', 'no-output');
  await job.printed(/is ready/, RANKS);
  job.signal('SIGTERM');
  await job.ended;
  await job.gone();
});
