import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import type { Exit, RankOptions } from '../../launcher/rank-process';
import { program, until } from '../support/launcher';

/*
 * Processes that wait for ranks, on this machine: an agent starts ranks in the same way.
 */
const { Spares } = jest.requireActual<typeof import('../../launcher/spares')>('../../dist/launcher/spares');
const { findProgram } = jest.requireActual<typeof import('../../launcher/programs')>('../../dist/launcher/programs');

const WATCHDOG_MS = 60_000;
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'zivm-spares-')));
afterAll(() => rmSync(folder, { recursive: true }));

function rankOf(file: string, more: Partial<RankOptions> = {}): RankOptions {
  const wdir = more.wdir ?? folder;
  return { rank: 0, size: 1, program: findProgram(file, wdir), args: [], wdir, env: {}, stdin: undefined, core: undefined, cores: 1, connection: {}, part: undefined, ...more };
}

interface Run {
  exit: Exit;
  pid: number;
  /** What the program says of itself. */
  who: Record<string, unknown>;
  stderr: string;
}

async function run(spares: InstanceType<typeof Spares>, options: RankOptions): Promise<Run> {
  const rank = spares.start(options, () => undefined);
  const [stdout, stderr] = [text(rank.stdout), text(rank.stderr)];
  const exit = await rank.ended;
  return { exit, pid: rank.pid!, who: JSON.parse((await stdout) || '{}') as Record<string, unknown>, stderr: await stderr };
}

/** The processes of this test that wait. */
function waiting(): number[] {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  return children.filter((pid) => existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('spare-program'));
}

test('a process that waited becomes the rank that it is told to be', async () => {
  const spares = new Spares();
  const first = await run(spares, rankOf(program('who.js')));
  expect(first.who).toMatchObject({ pid: first.pid, rank: '0', input: '' });
  spares.refill();
  const [spare] = waiting();
  const second = await run(spares, rankOf(program('who.js'), { rank: 3, size: 5, args: ['--size', '9 x'], stdin: Readable.from(['what it ', 'reads\n']) }));
  expect(second.pid).toBe(spare);
  expect(second.exit).toEqual({ code: 3, signal: null });
  const { argv } = second.who as { argv: string[] };
  expect(argv).toEqual([program('who.js'), '--size', '9 x']);
  expect(second.who).toMatchObject({ isMain: true, id: '.', cwd: folder, rank: '3', size: '5', input: 'what it reads\n' });
  expect(waiting()).toEqual([]);
});

test('a process that waits for a TypeScript module, and one that nobody gives input', async () => {
  const spares = new Spares();
  await run(spares, rankOf(program('who.mts')));
  spares.refill();
  const [spare] = waiting();
  const { pid, exit, who } = await run(spares, rankOf(program('who.mts'), { rank: 2, size: 3, args: ['a'] }));
  expect({ pid, exit }).toEqual({ pid: spare, exit: { code: 0, signal: null } });
  expect(who).toMatchObject({ argv: [program('who.mts'), 'a'], cwd: folder, rank: '2', url: pathToFileURL(program('who.mts')).href });
});

test('what Node loads first is found from the working directory, as without', async () => {
  writeFileSync(join(folder, 'first.cjs'), 'process.env.COLOUR = `of ${__dirname}`;');
  const options = rankOf(program('who.js'), { env: { NODE_OPTIONS: '--require ./first.cjs' } });
  const spares = new Spares();
  await run(spares, options);
  spares.refill();
  const [spare] = waiting();
  const { pid, who } = await run(spares, options);
  expect({ pid, colour: who.colour }).toEqual({ pid: spare, colour: `of ${folder}` });
});

test('what waits in vain is ended when a job has been started', async () => {
  const spares = new Spares();
  await run(spares, rankOf(program('who.js')));
  spares.refill();
  const [spare] = waiting();
  const { pid } = await run(spares, rankOf(program('who.js'), { env: { COLOUR: 'green' } }));
  expect(pid).not.toBe(spare);
  spares.endWaiting();
  await until(() => waiting().length === 0, () => `no process waits; these do: ${waiting().join(', ')}`, WATCHDOG_MS);
});

test('a job goes on when no process can be started to wait for the next one', async () => {
  const spares = new Spares();
  await run(spares, rankOf(program('who.js')));
  // Longer than the kernel takes, but for the first job, which has not been told of it.
  process.env.ZIVM_TEST_TOO_LONG = 'x'.repeat(4 << 20);
  const said = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  spares.refill();
  delete process.env.ZIVM_TEST_TOO_LONG;
  expect(said).toHaveBeenCalledWith(expect.stringMatching(/no process waits for the next job: .*E2BIG/));
  said.mockRestore();
  expect((await run(spares, rankOf(program('who.js')))).exit).toEqual({ code: 0, signal: null });
});

test('a program that throws fails as it would without', async () => {
  const file = join(folder, 'throws.cjs');
  writeFileSync(file, `\n  throw new Error('on purpose');`);
  const spares = new Spares();
  const without = await run(spares, rankOf(file));
  spares.refill();
  const [spare] = waiting();
  const { pid, exit, stderr } = await run(spares, rankOf(file));
  expect({ pid, exit }).toEqual({ pid: spare, exit: without.exit });
  const beginning = (output: string): string[] => output.split('\n').slice(0, 6);
  expect(beginning(stderr)).toEqual(beginning(without.stderr));
  expect(beginning(stderr)).toContain(`${file}:2`);
});

test.each<[string, Partial<RankOptions>]>([
  ['another working directory', { wdir: '/usr' }],
  ['another environment', { env: { COLOUR: 'green' } }],
  ['other options of Node', { program: { file: program('who.js'), nodeOptions: ['--no-deprecation'] } }],
])('a rank with %s gets a process of its own', async (_, different) => {
  const spares = new Spares();
  await run(spares, rankOf(program('who.js')));
  spares.refill();
  const [spare] = waiting();
  const { pid, who } = await run(spares, rankOf(program('who.js'), different));
  expect(pid).not.toBe(spare);
  expect(who.colour).toBe(different.env?.COLOUR);
  spares.refill();
  // Now one waits that is like the last.
  await until(() => waiting().length === 1 && waiting()[0] !== spare, () => `one process waits; these do: ${waiting().join(', ')}`, WATCHDOG_MS);
  const [next] = waiting();
  expect((await run(spares, rankOf(program('who.js'), different))).pid).toBe(next);
});

test('a process that has ended while it waited is not used', async () => {
  const spares = new Spares();
  await run(spares, rankOf(program('who.js')));
  spares.refill();
  const [spare] = waiting();
  process.kill(spare!, 'SIGKILL');
  // This process has not asked yet how it ended.
  while (!/\) Z/.test(readFileSync(`/proc/${spare}/stat`, 'latin1')));
  const { pid, exit } = await run(spares, rankOf(program('who.js')));
  expect(pid).not.toBe(spare);
  expect(exit).toEqual({ code: 0, signal: null });
});
