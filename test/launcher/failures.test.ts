import { program, startZivmrun, zivmrun } from '../support/launcher';

/*
 * The first rank that fails ends the job, and its exit code is that of zivmrun.
 */

describe.each(['busy', 'wait', 'depend'])('while what the others do is "%s", a rank', (others) => {
  test.each([
    ['exit', 3, 'exited with code 3', ['the last words']],
    ['exit-code', 4, 'exited with code 4', ['the last words']],
    ['throw', 1, 'exited with code 1', ['Error: thrown by rank 1']],
    ['reject', 1, 'exited with code 1', ['Error: rejected by rank 1']],
    ['kill', 137, 'was killed by SIGKILL', ['the last words']],
    ['abort', 5, 'called abort(5)', ['the last words']],
    ['really-exit', 1, 'without leaving the job', ['the last words']],
  ])('fails: %s', async (how, code, said, written) => {
    const job = startZivmrun(['-n', '3', program('failing.ts'), how, others]);
    const { exitCode, stderr } = await job.ended;
    expect(exitCode).toBe(code);
    const [report] = /^zivmrun: rank .*/ms.exec(stderr) ?? [stderr];
    expect(report).toMatch(/^zivmrun: rank 1 \(process \d+\) .*: the job is ended/);
    expect(report).toContain(said);
    for (const line of written) expect(report).toContain(`  | ${line}`);
    await job.gone();
  });
});

describe('the report', () => {
  test('shows the last lines of the rank that failed, and of no other', async () => {
    const { exitCode, stderr } = await zivmrun(['-n', '2', program('verbose-failure.mjs')]);
    expect(exitCode).toBe(9);
    const shown = stderr.split('\n').filter((line) => line.startsWith('  | '));
    expect(shown.length).toBeGreaterThanOrEqual(10);
    expect(shown.length).toBeLessThan(50);
    expect(shown).toContain('  | line 100 of rank 1');
    expect(shown).toContain('  | the reason');
    expect(shown.join()).not.toContain('rank 0');
  });

  test('says so when the rank wrote nothing', async () => {
    const { exitCode, stderr } = await zivmrun(['-n', '1', program('without-joining.mjs'), '7']);
    expect(exitCode).toBe(7);
    expect(stderr).toMatch(/^zivmrun: rank 0 \(process \d+\) exited with code 7: the job is ended\. It wrote nothing\.\n$/);
  });

  test('begins a line of its own, also after output without a newline', async () => {
    const { exitCode, stderr } = await zivmrun(['-n', '3', program('failing.ts'), 'stderr-without-newline', 'wait']);
    expect(exitCode).toBe(6);
    expect(stderr).toMatch(/^half a line$/m);
    expect(stderr).toMatch(/^zivmrun: rank 1 /m);
  });
});

test('a job whose ranks never join, and end well, has succeeded', async () => {
  expect(await zivmrun(['-n', '2', program('without-joining.mjs')])).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
});

test('who waits for a rank that has ended without joining is told so', async () => {
  const job = startZivmrun(['-n', '2', program('waits-for-absent.mjs')]);
  const { exitCode, stderr } = await job.ended;
  expect(exitCode).toBe(1);
  expect(stderr).toContain('ERR_ZIVM_PEER_FAILED');
  expect(stderr).toMatch(/^zivmrun: rank 0 /m);
  await job.gone();
});
