import { linesOf, program, TestProcess, zivmrun } from '../support/launcher';

/*
 * What a program finds when it starts: who it is, its arguments, one zivm.
 */

interface Identity {
  rank: number;
  size: number;
  args: string[];
}

async function identities(args: string[]): Promise<Identity[]> {
  const lines = await linesOf(args);
  return lines.map((line) => JSON.parse(line) as Identity).sort((a, b) => a.rank - b.rank);
}

describe('a program', () => {
  test.each(['ts', 'mts', 'cts', 'js', 'mjs', 'cjs'])('of type .%s runs as it is, and each rank knows who it is', async (extension) => {
    expect(await identities(['-n', '3', program(`identity.${extension}`)])).toEqual(
      [0, 1, 2].map((rank) => ({ rank, size: 3, args: [] })),
    );
  });

  test('may be one of many ranks', async () => {
    expect(await identities(['-n', '12', program('identity.mjs')])).toEqual(
      Array.from({ length: 12 }, (_, rank) => ({ rank, size: 12, args: [] })),
    );
  });

  test('gets what follows its name as its arguments, zivmrun looks at none of it', async () => {
    const args = ['-n', '7', '--tag-output', '--help', '--', '-x', '', 'two words', '--size=9', '"*$'];
    expect(await identities(['-n', '1', program('identity.mjs'), ...args])).toEqual([{ rank: 0, size: 1, args }]);
  });

  test('may be named after --', async () => {
    expect(await identities(['-n', '1', '--', program('identity.mjs'), '-a', 'b'])).toEqual([
      { rank: 0, size: 1, args: ['-a', 'b'] },
    ]);
  });

  test.each(['ts', 'mjs', 'cjs'])('of type .%s has one zivm, required or imported', async (extension) => {
    expect(await linesOf(['-n', '2', program(`both-systems.${extension}`)])).toEqual(['one instance', 'one instance']);
  });

  test('may be a bundled benchmark, called by its name', async () => {
    const lines = await linesOf(['-n', '2', 'osu_latency', '-m', '8:8', '-i', '10']);
    expect(lines).toContainEqual(expect.stringMatching(/^8\s+\d+\.\d+$/));
  });
});

describe('several programs', () => {
  test('make one job; ranks follow their order on the command line', async () => {
    const all = await identities([
      ...['-n', '1', program('identity.mjs'), 'first', ':'],
      ...['-n', '2', program('identity.cjs'), '--second', ':'],
      ...['-n', '1', program('identity.ts')],
    ]);
    expect(all).toEqual([
      { rank: 0, size: 4, args: ['first'] },
      { rank: 1, size: 4, args: ['--second'] },
      { rank: 2, size: 4, args: ['--second'] },
      { rank: 3, size: 4, args: [] },
    ]);
  });

  test('start all or none', async () => {
    const { exitCode, stdout, stderr } = await zivmrun(['-n', '1', program('identity.mjs'), ':', '-n', '1', 'no-such.ts']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^zivmrun: program not found: no-such\.ts [^\n]*\n$/);
  });
});

describe('without zivmrun', () => {
  test.each([
    ['.mjs', [program('identity.mjs')]],
    ['.cjs', [program('identity.cjs')]],
  ])('a %s program is one rank', async (_, args) => {
    const { exitCode, stdout, stderr } = await new TestProcess(args).ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({ rank: 0, size: 1, args: [] });
  });

  test('that rank can send to itself and take part in collectives', async () => {
    const alone = ['--import', require.resolve('tsx'), program('alone.ts')];
    const { exitCode, stdout, stderr } = await new TestProcess(alone).ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const result = { rank: 0, size: 1, received: [1.5, 2.5, 3.5], source: 0, tag: 7, answer: 42, sum: 5 };
    expect(JSON.parse(stdout)).toEqual(result);
    // The same as the only rank of a job.
    expect((await linesOf(['-n', '1', program('alone.ts')])).map((line) => JSON.parse(line) as unknown)).toEqual([result]);
  });
});
