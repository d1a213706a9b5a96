import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { linesOf, program, startZivmrun, zivmrun, ZIVMRUN } from '../support/launcher';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'zivm-options-')));
afterAll(() => rmSync(folder, { recursive: true }));

test('without -n there is one rank for each core', async () => {
  const lines = await linesOf([program('identity.mjs')]);
  expect(lines).toHaveLength(availableParallelism());
});

describe('--help and --version', () => {
  test.each(['--help', '-h'])('%s explains the options and gives examples', async (option) => {
    const { exitCode, stdout, stderr } = await zivmrun([option]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    for (const part of ['-n ', '-x ', '--wdir', '--tag-output', '--timestamp-output', '--output-dir', '--stdin', '--timeout']) {
      expect(stdout).toContain(part);
    }
    for (const part of ['--bind-to', '--report-bindings', '--region-size', 'Examples:', 'zivmrun -n 4 app.ts']) {
      expect(stdout).toContain(part);
    }
  });

  test.each(['--help', '--version'])('%s says nothing of a reader that has gone', (option) => {
    const { stderr } = spawnSync('sh', ['-c', '"$@" | :', 'sh', process.execPath, ZIVMRUN, option], { encoding: 'utf8' });
    expect(stderr).toBe('');
  });

  test('a job ends when its output cannot be written', () => {
    const { status, stderr } = spawnSync('sh', ['-c', '"$@" >/dev/full', 'sh', process.execPath, ZIVMRUN, '-n', '2', program('streams.mjs')], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 128 + 13, stderr: expect.stringMatching(/^zivmrun: the job was ended/m) as string });
  });

  test('--version is that of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as { version: string };
    expect(await zivmrun(['--version'])).toMatchObject({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
  });
});

describe('-x', () => {
  const variables = async (args: string[], env: Record<string, string>): Promise<unknown> =>
    (JSON.parse((await linesOf(['-n', '1', ...args], { env }))[0]!) as { variables: unknown }).variables;
  const show = [program('environment.mjs'), 'ZIVM_TEST_A', 'ZIVM_TEST_B', 'ZIVM_TEST_C'];

  test('sets a variable, or passes one on; it may be repeated', async () => {
    const options = ['-x', 'ZIVM_TEST_A=new', '-x', 'ZIVM_TEST_B', '-x', 'ZIVM_TEST_C=a=b c'];
    expect(await variables([...options, ...show], { ZIVM_TEST_A: 'old', ZIVM_TEST_B: 'known' })).toEqual({
      ZIVM_TEST_A: 'new',
      ZIVM_TEST_B: 'known',
      ZIVM_TEST_C: 'a=b c',
    });
  });

  test('may set a variable to nothing, and leaves one alone that it cannot pass on', async () => {
    expect(await variables(['-x', 'ZIVM_TEST_A=', '-x', 'ZIVM_TEST_B', ...show], { ZIVM_TEST_A: 'old' })).toEqual({
      ZIVM_TEST_A: '',
      ZIVM_TEST_B: null,
      ZIVM_TEST_C: null,
    });
  });

  test('holds for the ranks of its own program only, as --wdir does', async () => {
    const lines = await linesOf([
      ...['-n', '1', '-x', 'ZIVM_TEST_A=one', '--wdir', folder, ...show, ':'],
      ...['-n', '1', '-x', 'ZIVM_TEST_B=two', ...show],
    ]);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
      expect.arrayContaining([
        { rank: 0, folder, variables: { ZIVM_TEST_A: 'one', ZIVM_TEST_B: null, ZIVM_TEST_C: null } },
        { rank: 1, folder: process.cwd(), variables: { ZIVM_TEST_A: null, ZIVM_TEST_B: 'two', ZIVM_TEST_C: null } },
      ]),
    );
  });
});

test('--wdir is where ranks run, and where their program is looked for', async () => {
  const programs = program('.');
  const lines = await linesOf(['-n', '2', '--wdir', programs, 'environment.mjs']);
  expect(lines.map((line) => (JSON.parse(line) as { folder: string }).folder)).toEqual([programs, programs].map((name) => join(name, '.')));
});

describe('output', () => {
  test('--tag-output begins each line with its rank and stream', async () => {
    const { stdout, stderr } = await zivmrun(['-n', '2', '--tag-output', program('streams.mjs')]);
    expect(stdout.split('\n').sort()).toEqual(['', '[0]<stdout>: out of 0', '[1]<stdout>: out of 1']);
    expect(stderr.split('\n').sort()).toEqual(['', '[0]<stderr>: err of 0', '[1]<stderr>: err of 1']);
  });

  test('--timestamp-output begins each line with the time', async () => {
    const lines = await linesOf(['-n', '2', '--timestamp-output', program('streams.mjs')]);
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z out of [01]$/);
      expect(Math.abs(Date.parse(line.split(' ')[0]!) - Date.now())).toBeLessThan(3_600_000);
    }
  });

  test('both may be asked for, the time is first', async () => {
    const lines = await linesOf(['-n', '1', '--tag-output', '--timestamp-output', program('streams.mjs')]);
    expect(lines).toEqual([expect.stringMatching(/^\S+Z \[0\]<stdout>: out of 0$/)]);
  });

  test('--output-dir also writes the streams of each rank to files of their own', async () => {
    const target = join(folder, 'a/new/folder');
    const { exitCode, stdout } = await zivmrun(['-n', '2', '--output-dir', target, '--tag-output', program('streams.mjs')]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('[1]<stdout>: out of 1');
    expect(readdirSync(target).sort()).toEqual(['rank.0', 'rank.1']);
    for (const rank of [0, 1]) {
      expect(readFileSync(join(target, `rank.${rank}/stdout`), 'utf8')).toBe(`out of ${rank}\n`);
      expect(readFileSync(join(target, `rank.${rank}/stderr`), 'utf8')).toBe(`err of ${rank}\n`);
    }
  });

  test('the files of --output-dir are complete when zivmrun has ended', async () => {
    const target = join(folder, 'long');
    const { stdout } = await zivmrun(['-n', '1', '--output-dir', target, program('long-lines.ts'), '50', '5000']);
    expect(stdout).toHaveLength(50 * 7 * 5000 + Array.from({ length: 50 }, (_, line) => `0:${line}::end\n`).join('').length);
    expect(readFileSync(join(target, 'rank.0/stdout'), 'utf8') === stdout).toBe(true);
  });
});

describe('--stdin', () => {
  const read = async (options: string[], input = 'some input'): Promise<string[]> =>
    linesOf(['-n', '3', ...options, program('read-input.mjs')], { input });
  const nothing = (rank: number): string => `rank ${rank} read 0 characters: `;

  test('by default, rank 0 reads the input and the others find its end', async () => {
    expect(await read([])).toEqual(['rank 0 read 10 characters: some input', nothing(1), nothing(2)]);
  });

  test('names the rank that reads', async () => {
    expect(await read(['--stdin', '2'])).toEqual([nothing(0), nothing(1), 'rank 2 read 10 characters: some input']);
  });

  test('may name none', async () => {
    expect(await read(['--stdin', 'none'])).toEqual([nothing(0), nothing(1), nothing(2)]);
  });

  test('all of a long input arrives', async () => {
    const input = 'a line of the input\n'.repeat(100_000);
    expect((await read([], input))[0]).toBe(`rank 0 read ${input.length} characters: a line of the input`);
  });

  test.each(['0', 'none'])('an input without an end does not keep a job alive that does not read it (--stdin %s)', async (rank) => {
    const job = startZivmrun(['-n', '2', '--stdin', rank, program('identity.mjs')], { inputStaysOpen: true });
    expect(await job.ended).toMatchObject({ exitCode: 0 });
    await job.gone();
  });
});

describe('--timeout', () => {
  test('ends the job with code 124 and says which ranks were still running', async () => {
    const job = startZivmrun(['-n', '4', '--timeout', '6', program('half-hang.mjs')]);
    const { exitCode, stderr } = await job.ended;
    expect(exitCode).toBe(124);
    expect(stderr).toMatch(/^zivmrun: [^\n]*timed out after 6 s; still running: rank 1, 3\n$/);
    await job.gone();
  });

  test('means nothing to a job that ends before', async () => {
    expect(await linesOf(['-n', '2', '--timeout', '3000', program('streams.mjs')])).toEqual(['out of 0', 'out of 1']);
  });
});

describe('--bind-to core', () => {
  const ranks = availableParallelism() + 1;

  test('binds each rank to a core, in turn, and --report-bindings says to which', async () => {
    const options = ['-n', String(ranks), '--bind-to', 'core', '--report-bindings'];
    const { exitCode, stdout, stderr } = await zivmrun([...options, program('affinity.mjs')]);
    expect(exitCode).toBe(0);
    const reported = [...stderr.matchAll(/^zivmrun: rank (\d+) is bound to core (\d+)$/gm)].map(([, rank, core]) => `rank ${rank} may run on ${core}`);
    expect(reported).toHaveLength(ranks);
    expect(stdout.trim().split('\n').sort()).toEqual([...reported].sort());
    const cores = reported.map((line) => line.split(' ').at(-1));
    expect(new Set(cores.slice(0, -1)).size).toBe(ranks - 1);
    expect(cores.at(-1)).toBe(cores[0]);
  });

  test('without it ranks may run wherever zivmrun may', async () => {
    const { stdout, stderr } = await zivmrun(['-n', '2', '--report-bindings', program('affinity.mjs')]);
    const [, everywhere] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))!;
    expect(stdout.trim().split('\n').sort()).toEqual([0, 1].map((rank) => `rank ${rank} may run on ${everywhere}`));
    expect(stderr).toBe('zivmrun: rank 0 is not bound\nzivmrun: rank 1 is not bound\n');
  });
});

test('a rank that has no core to spare collects its garbage alone, and only that one', async () => {
  const alone = async (...options: string[]): Promise<Set<string>> => new Set(await linesOf([...options, program('garbage.mjs')]));
  const cores = availableParallelism();
  expect(await alone('-n', '1', '--bind-to', 'core')).toEqual(new Set(['alone']));
  expect(await alone('-n', String(cores))).toEqual(new Set(['alone']));
  if (cores > 1) expect(await alone('-n', '1')).toEqual(new Set(['with help']));
});

describe("a rank's arrays", () => {
  const run = async (env: Record<string, string>, ...options: string[]): Promise<{ hugeBytes: number; tunables: string }> =>
    JSON.parse((await linesOf(['-n', '1', ...options, program('huge-pages.mjs')], { env }))[0]!) as { hugeBytes: number; tunables: string };
  const pages = readFileSync('/sys/kernel/mm/transparent_hugepage/enabled', 'utf8');

  test('of a megabyte lie in pages of 2 MiB, where the kernel has them', async () => {
    const { hugeBytes, tunables } = await run({ GLIBC_TUNABLES: '' });
    expect(tunables).toMatch(/^glibc\.malloc\.hugetlb=1:/);
    // Sixteen arrays: what is before the first such page, and after the last one, may lie in others.
    if (!pages.includes('[never]')) expect(hugeBytes).toBeGreaterThanOrEqual(12 << 20);
  });

  test("lie as the user's own GLIBC_TUNABLES say", async () => {
    const own = 'glibc.malloc.hugetlb=0';
    for (const { hugeBytes, tunables } of [await run({ GLIBC_TUNABLES: own }), await run({}, '-x', `GLIBC_TUNABLES=${own}`)]) {
      expect(tunables).toMatch(/:glibc\.malloc\.hugetlb=0$/);
      if (!pages.includes('[always]')) expect(hugeBytes).toBe(0);
    }
  });
});

describe('--region-size', () => {
  const job = (size: string): string[] => ['-n', '8', '--region-size', size, program('identity.mjs')];

  test('too small: the message says what is enough, and it is', async () => {
    const { exitCode, stdout, stderr } = await zivmrun(job('64K'));
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^zivmrun: [^\n]*too small for 8 ranks[^\n]*\n$/);
    const [, enough] = /--region-size (\S+) or more/.exec(stderr)!;
    expect(await linesOf(job(enough!))).toHaveLength(8);
  });

  test.each(['100M', '0.5G', '64MiB', '20000000', '48mb'])('takes a size such as %s', async (size) => {
    expect(await linesOf(job(size))).toHaveLength(8);
  });
});
