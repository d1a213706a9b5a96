import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { promisify } from 'node:util';
import { program, startZivmrun, ZIVMRUN } from '../support/launcher';

const RANKS = 2;

describe.each(['SIGINT', 'SIGTERM'] as const)('%s to zivmrun', (signal) => {
  const exitCode = 128 + constants.signals[signal];

  test('reaches the ranks, which may end by themselves', async () => {
    const job = startZivmrun(['-n', String(RANKS), program('on-signal.ts'), 'end']);
    await job.printed(/rank \d is ready/, RANKS);
    job.signal(signal);
    const { stdout, stderr, ...ended } = await job.ended;
    expect(ended).toEqual({ exitCode, signal: null });
    for (let rank = 0; rank < RANKS; rank++) expect(stdout).toContain(`rank ${rank} got ${signal}\n`);
    expect(stderr).toContain(`ended by ${signal}`);
    await job.gone();
  });

  test('ends ranks without a handler, blocked and busy ones too', async () => {
    const job = startZivmrun(['-n', '3', program('blocked.ts')]);
    await job.printed(/rank \d is ready/, 3);
    job.signal(signal);
    expect(await job.ended).toMatchObject({ exitCode, signal: null });
    await job.gone();
  });

  test('ends ranks that have not begun', async () => {
    const job = startZivmrun(['-n', String(RANKS), program('blocked.ts')], { env: { NODE_OPTIONS: `--require ${program('before-begin.cjs')}` } });
    await job.printed(/is early/, RANKS);
    job.signal(signal);
    expect(await job.ended).toMatchObject({ exitCode, signal: null });
    await job.gone();
  });

  test('sent twice kills ranks that have ignored the first', async () => {
    const job = startZivmrun(['-n', String(RANKS), program('on-signal.ts'), 'ignore']);
    await job.printed(/rank \d is ready/, RANKS);
    job.signal(signal);
    await job.printed(/rank \d got/, RANKS);
    expect(job.processes()).toContain(job.pid);
    job.signal(signal);
    expect(await job.ended).toMatchObject({ exitCode, signal: null });
    await job.gone();
  });
});

/** The parent, the process group and the session of a process. */
function groupOf(pid: number): { parent: number; group: number; session: number } {
  const [, parent, group, session] = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /, '').split(' ').map(Number) as [number, number, number, number];
  return { parent, group, session };
}

test('each rank leads a process group, in the session of zivmrun', async () => {
  const job = startZivmrun(['-n', String(RANKS), program('on-signal.ts'), 'end']);
  await job.printed(/rank \d is ready/, RANKS);
  const { session } = groupOf(job.pid);
  const ranks = job.processes().filter((pid) => groupOf(pid).parent === job.pid);
  expect(ranks).toHaveLength(RANKS);
  for (const pid of ranks) expect(groupOf(pid)).toEqual({ parent: job.pid, group: pid, session });
  job.signal('SIGTERM');
  await job.ended;
  await job.gone();
});

test('a rank has no terminal: asking there would stop it, with its group, and the job', async () => {
  const command = [process.execPath, ZIVMRUN, '-n', '1', program('terminal.mjs')].join(' ');
  const { stdout } = await promisify(execFile)('script', ['--quiet', '--return', '--command', command, '/dev/null'], { timeout: 60_000 });
  expect(stdout.trim()).toBe("zivmrun's terminal is there, the rank's ENXIO");
});
