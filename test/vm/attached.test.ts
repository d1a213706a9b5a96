import { writeFileSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeInGuests } from './support/guests';
import { Site } from './support/site';

/*
 * Jobs in virtual machines that somebody else has started: real QEMU, stock kernels, the device through VFIO.
 */
const MACHINES = 3;
const program = (file: string): string => join(__dirname, 'programs', file);
const done = (size: number): string[] => Array.from({ length: size }, (_, rank) => `rank ${rank} is done`);

jest.setTimeout(400_000);

describeInGuests('a server, and machines with agents', () => {
  const site = new Site();
  beforeAll(() => site.start(MACHINES));
  afterAll(() => site.close());
  beforeEach(() => site.agentsReady(site.machines.filter(({ signalCode }) => signalCode === null).length));

  test('ranks run in different machines, in the order of their IDs', async () => {
    const lines = await site.lines(['-n', '3', program('where.mjs')]);
    expect(lines).toHaveLength(3);
    const machines = lines.map((line) => /^rank \d of 3, sum 6, machine (.+)$/.exec(line)?.[1]);
    expect(new Set(machines)).toEqual(new Set(machines.filter((name) => name !== undefined)));
    expect(new Set(machines).size).toBe(3);
  });

  test('several ranks of one machine have interrupts of their own; --map-by vm deals them out', async () => {
    const machinesOf = async (mapBy: string): Promise<(string | undefined)[]> =>
      (await site.lines(['--vms', '2', '-n', '4', '--map-by', mapBy, program('where.mjs')])).map((line) => line.split('machine ')[1]);
    const bySlot = await machinesOf('slot');
    expect([bySlot[0] === bySlot[1], bySlot[2] === bySlot[3], bySlot[0] === bySlot[2]]).toEqual([true, true, false]);
    const byVm = await machinesOf('vm');
    expect([byVm[0] === byVm[2], byVm[1] === byVm[3], byVm[0] === byVm[1]]).toEqual([true, true, false]);
  });

  test.each([2, 3])('messages of every length between %i machines', async (size) => {
    expect(await site.lines(['-n', String(size), program('messages.mjs')])).toEqual(done(size));
  });

  test.each([
    ['2 machines', ['-n', '2'], 2],
    ['3 machines', ['-n', '3'], 3],
    ['4 ranks in 2 machines', ['--vms', '2', '-n', '4'], 4],
  ])('every collective: %s', async (_, args, size) => {
    expect(await site.lines([...args, program('collectives.mjs')])).toEqual(done(size));
  });

  test.each(['messages.mjs', 'collectives.mjs'])('ranks in 2 machines and one on the host: %s', async (file) => {
    expect(await site.lines(['-n', '3', '--host-ranks', '1', program(file)])).toEqual(done(3));
  });

  test('a TypeScript program', async () => {
    expect(await site.lines(['-n', '2', program('typed.ts')])).toEqual(['rank 0: 4', 'rank 1: 4']);
  });

  test('a blocked rank is idle, and the doorbell wakes it', async () => {
    const lines = await site.lines(['-n', '2', program('sleeper.mjs')]);
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      const [, interrupts, busy] = /^round \d: (\d+) interrupts, busy (\d+) %$/.exec(line) ?? [];
      expect(Number(interrupts)).toBeGreaterThanOrEqual(1);
      // It spins for a while before it sleeps, and emulation is slow: up to a second or two. One that polls is busy all the time.
      expect(Number(busy)).toBeLessThan(40);
    }
  });

  test('a launcher without the key gets nothing done', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zivm-key-'));
    const wrong = join(folder, 'key');
    writeFileSync(wrong, 'another key, of the right length', { mode: 0o600 });
    const { exitCode, stdout, stderr } = await site.job(['--key', wrong, '-n', '2', program('where.mjs')]).ended;
    rmSync(folder, { recursive: true });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toContain('the launcher does not hold its key');
  });

  test('two jobs side by side', async () => {
    const jobs = [site.lines(['--vms', '1', '-n', '2', program('messages.mjs')]), site.lines(['--vms', '1', '-n', '2', program('messages.mjs')])];
    expect(await Promise.all(jobs)).toEqual([done(2), done(2)]);
  });

  test('more ranks than the machines have room for are refused', async () => {
    const { exitCode, stderr } = await site.job(['--vms', '1', '-n', '5', program('where.mjs')]).ended;
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/room for 4 ranks/);
  });

  test('when the launcher is killed, its ranks end and the agents are free again', async () => {
    const job = site.job(['-n', '3', program('blocked.mjs')]);
    await job.printed(/is ready/, 3);
    expect(site.ready).toBe(0);
    job.signal('SIGKILL');
    await job.ended;
    await site.agentsReady(MACHINES);
    expect(await site.lines(['-n', '3', program('messages.mjs')])).toEqual(done(3));
  });

  test('when a machine is killed, the job ends and says so, and the others are free again', async () => {
    const job = site.job(['-n', '3', program('blocked.mjs')]);
    await job.printed(/is ready/, 3);
    site.machines[0]!.kill('SIGKILL');
    const { exitCode, stderr } = await job.ended;
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/rank \d .*ended with its agent or virtual machine/);
    await site.agentsReady(MACHINES - 1);
    expect(await site.lines(['-n', '2', program('messages.mjs')])).toEqual(done(2));
  });

  test('when the server is killed, the job ends and says so; a new one takes its place, and machines that are started then', async () => {
    const job = site.job(['-n', '2', program('blocked.mjs')]);
    await job.printed(/is ready/, 2);
    await site.killServer();
    const { exitCode, stderr } = await job.ended;
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/the job was ended: the server has gone/);
    await site.restartServer();
    await site.start(1);
    expect(await site.lines(['-n', '2', program('messages.mjs')])).toEqual(done(2));
  });
});
