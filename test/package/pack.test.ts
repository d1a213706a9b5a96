import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/*
 * The package as its users get it: packed, installed in a folder of its own, imported by a program there.
 */

jest.setTimeout(600_000); // the addon is compiled

const ROOT = join(__dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'zivm-package-'));
const user = join(folder, 'user');
afterAll(() => rmSync(folder, { recursive: true }));

const PROGRAM = `
import { Comm, Op, type Request, type Status, ZivmError } from 'zivm';

const comm: Comm = Comm.world;
const { rank, size } = comm;
const next = (rank + 1) % size;
const received = new Float64Array(2);
const request: Request<Status> = comm.irecv(received, (rank + size - 1) % size);
comm.send(Float64Array.of(rank, 0.5), next);
const status: Status = request.wait();
const sum: number = comm.allreduce(rank + 1, Op.SUM);
try {
  comm.send(received, size);
} catch (error) {
  if (!(error instanceof ZivmError)) throw error;
  console.log(JSON.stringify({ rank, source: status.source, received: [...received], sum, code: error.code }));
}
`;

const COMMON_JS_PROGRAM = `
const { Comm } = require('zivm');
console.log('common', Comm.world.rank, Comm.world.size);
`;

interface Outcome {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a command; npm's own variables are left out, which would make the npm below work on this package. */
function run(command: string, args: string[], cwd: string): Promise<Outcome> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_(package|lifecycle|command|execpath|config_local_prefix)|INIT_CWD$)/.test(name)),
  );
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const outcome: Outcome = { exitCode: null, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (outcome.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (outcome.stderr += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ ...outcome, exitCode }));
  });
}

async function mustRun(command: string, args: string[], cwd: string): Promise<string> {
  const { exitCode, stdout, stderr } = await run(command, args, cwd);
  if (exitCode !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${exitCode}:\n${stdout}${stderr}`);
  return stdout;
}

let packed: string[];

beforeAll(async () => {
  // Without scripts: dist/ has been built before the tests began, and others use it while these run.
  const told = await mustRun('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], ROOT);
  const [archive] = JSON.parse(told) as [{ filename: string; files: { path: string }[] }];
  packed = archive.files.map(({ path }) => path);
  mkdirSync(user);
  writeFileSync(join(user, 'package.json'), JSON.stringify({ name: 'user', private: true }));
  writeFileSync(join(user, 'main.ts'), PROGRAM);
  writeFileSync(join(user, 'main.cjs'), COMMON_JS_PROGRAM);
  const tarball = join(folder, archive.filename);
  await mustRun('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball], user);
}, 600_000);

test('the package has what is needed to compile and run, and nothing else', () => {
  for (const path of ['dist/src/index.js', 'dist/src/index.d.ts', 'dist/launcher/zivmrun.js', 'native/addon.cc', 'binding.gyp', 'LICENSE']) {
    expect(packed).toContain(path);
  }
  const others = /^(test|src|launcher|scripts|node_modules|build)\/|tsbuildinfo|\.test\.|eslint|jest/;
  expect(packed.filter((path) => others.test(path))).toEqual([]);
});

test('all that its JavaScript requires is installed with it', async () => {
  const file = 'node_modules/zivm/package.json';
  const { dependencies } = JSON.parse(readFileSync(join(user, file), 'utf8')) as { dependencies: Record<string, string> };
  // What npm calls extraneous, missing or invalid makes this fail.
  const listed = await mustRun('npm', ['ls', '--all'], user);
  for (const name of Object.keys(dependencies)) expect(listed).toContain(`${name}@`);
});

test('a TypeScript program of another package runs with npx zivmrun', async () => {
  const stdout = await mustRun('npx', ['--no-install', 'zivmrun', '-n', '2', 'main.ts'], user);
  const results = stdout.trim().split('\n').sort();
  expect(results.map((line) => JSON.parse(line) as unknown)).toEqual([
    { rank: 0, source: 1, received: [1, 0.5], sum: 3, code: 'ERR_ZIVM_RANK' },
    { rank: 1, source: 0, received: [0, 0.5], sum: 3, code: 'ERR_ZIVM_RANK' },
  ]);
});

test('so does a CommonJS one, and one without zivmrun', async () => {
  const stdout = await mustRun('npx', ['--no-install', 'zivmrun', '-n', '2', 'main.cjs'], user);
  expect(stdout.trim().split('\n').sort()).toEqual(['common 0 2', 'common 1 2']);
  expect(await mustRun('node', ['main.cjs'], user)).toBe('common 0 1\n');
});

test('zivmrun is the installed one, and brings its benchmarks', async () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(await mustRun('npx', ['--no-install', 'zivmrun', '--version'], user)).toBe(`${version}\n`);
  const stdout = await mustRun('npx', ['--no-install', 'zivmrun', '-n', '2', 'osu_latency', '-m', '8:8', '-i', '10'], user);
  expect(stdout).toMatch(/^8\s+\d+\.\d+$/m);
});

describe('the installed types', () => {
  const typeRoots = dirname(dirname(require.resolve('@types/node/package.json')));

  function check(file: string, module: string): Promise<Outcome> {
    const options = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2022', '--lib', 'es2023,esnext.disposable'];
    const types = ['--types', 'node', '--typeRoots', typeRoots, '--skipLibCheck', 'false'];
    return run(process.execPath, [require.resolve('typescript/bin/tsc'), ...options, ...types, '--module', module, file], user);
  }

  test.each(['node16', 'nodenext'])('fit the program, and are right in themselves (--module %s)', async (module) => {
    expect(await check('main.ts', module)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });

  test('find mistakes', async () => {
    writeFileSync(join(user, 'wrong.ts'), `import { Comm } from 'zivm';\nComm.world.send('text', 0);\n`);
    const { exitCode, stdout } = await check('wrong.ts', 'node16');
    expect(exitCode).not.toBe(0);
    expect(stdout).toContain('wrong.ts(2,');
  });
});
