import { constants } from 'node:os';
import { program, startZivmrun } from '../support/launcher';

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
