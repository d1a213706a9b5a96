import { linesOf, program, TestProcess, zivmrun } from '../support/launcher';

/*
 * A process that looks like a rank but is none is told why it cannot be one.
 */

const IDENTITY = program('identity.mjs');
const COMPLETE = { ZIVM_RANK: '0', ZIVM_SIZE: '1', ZIVM_SERVER_FD: '0', ZIVM_CORES: '1' };

describe('outside zivmrun', () => {
  test.each(Object.keys(COMPLETE))('an environment without %s is incomplete, and the message names it', async (missing) => {
    const env = Object.fromEntries(Object.entries(COMPLETE).filter(([name]) => name !== missing));
    const { exitCode, stdout, stderr } = await new TestProcess([IDENTITY], { env }).ended;
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(new RegExp(`ERR_ZIVM_LAUNCH`));
    expect(stderr).toContain(`incomplete: ${missing} missing`);
    expect(stderr).toContain(`unset ${Object.keys(env).join(', ')}`);
  });

  test.each([
    ['ZIVM_SERVER_FD', '77', 'descriptor 77'],
    ['ZIVM_SERVER_FD', 'three', 'ZIVM_SERVER_FD=three'],
    ['ZIVM_SERVER_FD', '', 'ZIVM_SERVER_FD='],
  ])('%s=%s is no connection', async (name, value, said) => {
    const { exitCode, stderr } = await new TestProcess([IDENTITY], { env: { ...COMPLETE, [name]: value } }).ended;
    expect(exitCode).toBe(1);
    expect(stderr).toContain('ERR_ZIVM_LAUNCH');
    expect(stderr).toContain(said);
  });
});

describe('a program that a rank starts with its own environment', () => {
  interface Child {
    rank: number;
    status: number;
    stdout: string;
    stderr: string;
  }

  test.each(['no descriptor', 'descriptor'])('is no rank, and disturbs none (%s in the place of the connection)', async (what) => {
    const lines = await linesOf(['-n', '2', program('starts-zivm-child.mjs'), what]);
    const children = lines.map((line) => JSON.parse(line) as Child);
    expect(children.map(({ rank, status, stdout }) => ({ rank, status, stdout }))).toEqual(
      expect.arrayContaining([0, 1].map((rank) => ({ rank, status: 1, stdout: '' }))),
    );
    for (const { stderr } of children) {
      expect(stderr).toContain('ERR_ZIVM_LAUNCH');
      expect(stderr).toContain("is not the launcher's socket");
    }
  });
});

test('a worker thread of a rank cannot use the communicator, before and after the rank has joined', async () => {
  const lines = await linesOf(['-n', '2', program('worker-uses-world.mjs')]);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
    expect.arrayContaining([0, 1].map((rank) => ({ rank, size: 2, early: 'ERR_ZIVM_COMM', late: 'ERR_ZIVM_COMM' }))),
  );
});

test('a job may be started from within a rank', async () => {
  // zivmrun sets the environment of its own ranks, whatever it has inherited.
  const { exitCode, stdout } = await zivmrun(['-n', '2', IDENTITY], { env: { ...COMPLETE, ZIVM_RANK: '7', ZIVM_SIZE: '9' } });
  expect(exitCode).toBe(0);
  expect(stdout.split('\n').sort()).toEqual(['', ...[0, 1].map((rank) => JSON.stringify({ rank, size: 2, args: [] }))]);
});
