import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Outcome, program, zivmrun } from '../support/launcher';

/*
 * What zivmrun cannot do is said in one line, without a stack, before anything runs.
 */

const folder = mkdtempSync(join(tmpdir(), 'zivm-usage-'));
afterAll(() => rmSync(folder, { recursive: true }));

function expectOneLine({ exitCode, stdout, stderr }: Outcome, about: string | RegExp): void {
  expect(stderr).toMatch(/^zivmrun: [^\n]+\n$/);
  expect(stderr).toMatch(about);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
}

const IDENTITY = 'identity.mjs';

describe('the command line', () => {
  test.each([
    [['--frobnicate', IDENTITY], '--frobnicate'],
    [['-q', IDENTITY], '-q'],
    [['-n', '0', IDENTITY], 'whole number'],
    [['-n', '-1', IDENTITY], 'whole number'],
    [['-n', 'two', IDENTITY], 'two'],
    [['-n', '1.5', IDENTITY], '1.5'],
    [['-n', '1e2', IDENTITY], '1e2'],
    [['-n', '257', IDENTITY], '257 ranks are too many: a region serves 256'],
    [['-n', '200', IDENTITY, ':', '-n', '57', IDENTITY], '257 ranks are too many'],
    [['-n'], '-n'],
    [[], 'program'],
    [['-n', '2'], 'program'],
    [['-n', '1', IDENTITY, ':'], 'program'],
    [[':', '-n', '1', IDENTITY], 'program'],
    [['-x', '1A=3', IDENTITY], '1A=3'],
    [['-x', '=3', IDENTITY], 'NAME'],
    [['-n', '2', '--stdin', '2', IDENTITY], '--stdin 2: the ranks are 0 to 1'],
    [['--stdin', 'all', IDENTITY], 'all'],
    [['--timeout', '0', IDENTITY], 'seconds'],
    [['--timeout', 'soon', IDENTITY], 'soon'],
    [['--timeout', '-5', IDENTITY], 'seconds'],
    [['--bind-to', 'socket', IDENTITY], 'socket'],
    [['--region-size', 'large', IDENTITY], 'large'],
    [['--region-size', '8G', IDENTITY], '4G'],
    [['--region-size', '-1', IDENTITY], '-1'],
    [['--memory', 'pmem', '--vm-net', IDENTITY], '--memory, --vm-net: for jobs in virtual machines: add --vms'],
    [['--accel', 'tcg', '--vm-cpus', '2', IDENTITY], '--vm-cpus, --accel: for jobs in virtual machines: add --vms'],
    [['--attach', 'socket', '--key', 'key', '-n', '2', '--host-ranks', '2', IDENTITY], '--host-ranks 2: of 2 ranks, that leaves 0 for 1 virtual machines'],
    [['--attach', 'socket', '--key', 'key', '-n', '2', '--host-ranks', '1', 'absent.js'], 'program not found: absent.js'],
    [['--attach', 'socket', '--key', 'key', '--share', '.', IDENTITY], '--share: for machines that zivmrun starts, not for --attach'],
    [['--memory', 'disk', '--vms', '1', IDENTITY], 'bar or pmem'],
  ])('%j', async (args, about) => {
    expectOneLine(await zivmrun(args, { cwd: program('.') }), about);
  });

  test('a region of no size is too small, not too large', async () => {
    const outcome = await zivmrun(['-n', '1', '--region-size', '0', program(IDENTITY)]);
    expectOneLine(outcome, 'region-size');
    expect(outcome.stderr).not.toContain('at most');
  });
});

describe('the program', () => {
  test('does not exist: the bundled benchmarks are named', async () => {
    expectOneLine(await zivmrun(['-n', '1', 'no-such-program.ts']), /program not found: no-such-program\.ts .*osu_latency/);
  });

  test('is a folder', async () => {
    expectOneLine(await zivmrun(['-n', '1', program('.')]), 'is not a file');
  });

  test.each(['text.txt', 'no-extension', 'types.json'])('is of a kind that cannot run: %s', async (file) => {
    writeFileSync(join(folder, file), '');
    expectOneLine(await zivmrun(['-n', '1', join(folder, file)]), /cannot run .*\.ts, \.mts/);
  });
});

describe('a folder', () => {
  test.each([
    ['does not exist', (): string => join(folder, 'nowhere')],
    ['is a file', (): string => __filename],
  ])('to run in that %s', async (_, wdir) => {
    expectOneLine(await zivmrun(['-n', '2', '--wdir', wdir(), program(IDENTITY)]), wdir());
  });

  test('for output that cannot be made', async () => {
    expectOneLine(await zivmrun(['-n', '2', '--output-dir', join(__filename, 'below'), program(IDENTITY)]), 'output-dir');
  });
});
