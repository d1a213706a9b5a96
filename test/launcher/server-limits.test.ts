import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startZivmrun, until, ZIVMRUN } from '../support/launcher';

/*
 * `zivmrun server` when its limits are reached.
 */
const VECTORS = 4;
/** The server's greeting: its version, the ID, and the memory, eight bytes each. */
const GREETING_BYTES = 24;

test('without descriptors left it turns clients away, and lets them in again when others have left', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'zivm-server-'));
  const path = join(folder, 'socket');
  const server = startZivmrun(['server', '--socket', path, '--size', '32M', '--vectors', String(VECTORS)]);
  await server.printed(/^serving /m);
  const open = readdirSync(`/proc/${server.pid}/fd`).length;
  execFileSync('prlimit', ['--pid', String(server.pid), `--nofile=${open + 3 * (VECTORS + 1) + 2}`]);

  const clients: Socket[] = [];
  let greeted = 0;
  let closed = 0;
  const knock = (): void => {
    const client = connect(path);
    let bytes = 0;
    client.on('data', (data) => {
      if (bytes < GREETING_BYTES && bytes + data.length >= GREETING_BYTES) greeted++;
      bytes += data.length;
    });
    client.on('error', () => undefined).on('close', () => closed++);
    clients.push(client);
  };
  for (let i = 0; i < 6; i++) knock();
  await until(() => greeted === 3 && closed >= 1, () => `3 clients let in, one turned away; they are ${greeted} and ${closed}`);
  await until(() => /a client was turned away: .*EMFILE/.test(server.output), () => `the server to say so:\n${server.output}`);
  for (const client of clients.splice(0)) client.destroy();
  const before = greeted;
  // Those who knocked while there was no room may still take it for a moment.
  await until(() => closed === 6, () => 'all connections to be closed');
  knock();
  await until(() => greeted > before, () => 'a client to be let in again');
  for (const client of clients) client.destroy();
  server.signal('SIGTERM');
  expect((await server.ended).exitCode).toBe(0);
  rmSync(folder, { recursive: true });
});

test('the file of persistent memory goes with its server; what a killed one left behind is replaced, any other file is not', async () => {
  const folder = mkdtempSync('/dev/shm/served-');
  const [socket, pmem] = [join(folder, 'socket'), join(folder, 'memory')];
  const args = ['server', '--socket', socket, '--size', '32M', '--pmem', pmem];
  const killed = startZivmrun(args);
  await killed.printed(/^serving .* -object memory-backend-file,.*,size=35651584 -device nvdimm,/m);
  const { ino } = statSync(pmem);
  const second = await startZivmrun(args).ended;
  expect(second.exitCode).toBe(2);
  expect(second.stderr).toMatch(/cannot listen on .*socket: a server runs there/);
  const elsewhere = await startZivmrun(args.with(2, join(folder, 'other'))).ended;
  expect(elsewhere.exitCode).toBe(2);
  expect(elsewhere.stderr).toMatch(/memory is the memory of another server, which runs/);
  expect(statSync(pmem).ino).toBe(ino);
  expect(readdirSync(folder).sort()).toEqual(['memory', 'socket']);
  killed.signal('SIGKILL');
  await killed.ended;
  const next = startZivmrun(args);
  await next.printed(/^serving /m);
  expect(statSync(pmem)).toMatchObject({ size: 34 << 20 });
  expect(statSync(pmem).ino).not.toBe(ino);
  next.signal('SIGTERM');
  expect((await next.ended).exitCode).toBe(0);
  expect(readdirSync(folder)).toEqual([]);

  writeFileSync(pmem, 'content');
  const refused = await startZivmrun(args).ended;
  expect({ exitCode: refused.exitCode, content: readFileSync(pmem, 'utf8') }).toEqual({ exitCode: 2, content: 'content' });
  expect(refused.stderr).toMatch(/memory is there already, and is no shared memory of zivm/);
  rmSync(folder, { recursive: true });
});

test('a server that cannot begin leaves no file of persistent memory behind', async () => {
  const folder = mkdtempSync('/dev/shm/served-');
  const { exitCode, stderr } = await startZivmrun(['server', '--socket', join(folder, 'none', 'socket'), '--size', '32M', '--pmem', join(folder, 'memory')]).ended;
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/cannot listen on .*socket: ENOENT/);
  expect(readdirSync(folder)).toEqual([]);
  rmSync(folder, { recursive: true });
});

test('persistent memory for which there is no room is refused at once', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zivm-server-'));
  const command = `mount -t tmpfs -o size=16m none ${folder} && exec ${process.execPath} ${ZIVMRUN} server --socket ${folder}/socket --size 32M --pmem ${folder}/memory`;
  const { status, stderr } = spawnSync('unshare', ['--mount', '--map-root-user', 'sh', '-c', command], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringMatching(/ has 16 MiB free, the file needs 34: give a smaller --size/) as string });
  rmSync(folder, { recursive: true });
});

test('a file that is no socket stays where it is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'zivm-server-'));
  const path = join(folder, 'precious');
  writeFileSync(path, 'content');
  const { exitCode, stderr } = await startZivmrun(['server', '--socket', path, '--size', '32M']).ended;
  expect({ exitCode, content: readFileSync(path, 'utf8') }).toEqual({ exitCode: 2, content: 'content' });
  expect(stderr).toMatch(/cannot listen on .*precious: another file is there/);
  rmSync(folder, { recursive: true });
});

test('more interrupts than a device has are refused', async () => {
  const { exitCode, stderr } = await startZivmrun(['server', '--socket', '/nowhere', '--vectors', '300']).ended;
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/--vectors.*at most 255/);
});
