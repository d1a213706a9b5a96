import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findKernel } from '../../launcher/vm/kernel';
import { linesOf, startZivmrun, until, zivmrun } from '../support/launcher';
import { describeInGuests, GUEST_WATCHDOG_MS } from './support/guests';

/*
 * Jobs whose machines zivmrun starts and takes down.
 */
const program = (file: string): string => join(__dirname, 'programs', file);
const options = { watchdogMs: GUEST_WATCHDOG_MS };
const done = (size: number): string[] => Array.from({ length: size }, (_, rank) => `rank ${rank} is done`);
const hostMachine = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

jest.setTimeout(600_000);

const folder = mkdtempSync(join(tmpdir(), 'zivm-vms-'));

/** A PATH on which everything is found but one program. */
function pathWithout(missing: string): string {
  const links = mkdtempSync(join(folder, 'path-'));
  for (const directory of process.env.PATH!.split(':').filter((directory) => existsSync(directory))) {
    for (const name of readdirSync(directory)) {
      if (name !== missing && !existsSync(join(links, name))) symlinkSync(join(directory, name), join(links, name));
    }
  }
  return links;
}

describeInGuests('zivmrun --vms', () => {
  afterAll(() => rmSync(folder, { recursive: true }));

  test('boots four machines with a rank in each; nothing of them is left', async () => {
    const job = startZivmrun(['--vms', '4', '-n', '4', program('collectives.mjs')], options);
    const { exitCode, stdout, stderr } = await job.ended;
    expect({ exitCode, stderr, lines: stdout.split('\n').filter(Boolean).sort() }).toEqual({ exitCode: 0, stderr: '', lines: done(4) });
    await job.gone();
  });

  test('runs ranks in machines and on the host in one job', async () => {
    const lines = await linesOf(['--vms', '2', '-n', '4', '--host-ranks', '2', program('where.mjs')], options);
    const machines = lines.map((line) => /^rank \d of 4, sum 10, machine (.+)$/.exec(line)?.[1]);
    expect(machines.slice(2)).toEqual([hostMachine, hostMachine]);
    expect(new Set(machines).size).toBe(3);
    expect(await linesOf(['--vms', '1', '-n', '3', '--host-ranks', '2', program('messages.mjs')], options)).toEqual(done(3));
  });

  test('emulated machines have rings so long that lines leave the caches before they are written again', async () => {
    const shared = mkdtempSync(join(folder, 'shared-'));
    const args = ['--accel', 'tcg', '--vms', '2', '-n', '2', '--share', shared, program('ahead.mjs'), join(shared, 'sent')];
    expect(await linesOf(args, options)).toEqual(['256 of 256 have left']);
  });

  test('a folder of the host is written to only when it is shared', async () => {
    const shared = mkdtempSync(join(folder, 'shared-'));
    const wanted = ['--vms', '1', '-n', '1', '--share', shared, program('writes.mjs'), join(shared, 'file')];
    expect(await linesOf(wanted, options)).toEqual(['rank 0 has written']);
    expect(readFileSync(join(shared, 'file.0'), 'utf8')).toBe('from rank 0');
    const elsewhere = '/etc/zivm-not-written';
    expect(await linesOf(['--vms', '1', '-n', '1', program('writes.mjs'), elsewhere], options)).toEqual(['rank 0: EROFS']);
    expect(existsSync(`${elsewhere}.0`)).toBe(false);
    // What a machine writes to /tmp, it keeps to itself.
    const temporary = join(folder, 'not-shared');
    expect(await linesOf(['--vms', '1', '-n', '1', program('writes.mjs'), temporary], options)).toEqual(['rank 0 has written']);
    expect(existsSync(`${temporary}.0`)).toBe(false);
  });

  test('reads the standard input, and passes variables and the working directory on', async () => {
    const script = join(folder, 'reads.mjs');
    const zivm = join(__dirname, '../../dist/src/index.js');
    writeFileSync(
      script,
      `import zivm from ${JSON.stringify(zivm)}; zivm.Comm.world;
       let text = ''; for await (const chunk of process.stdin) text += chunk;
       console.log([text.length, process.env.FLAVOUR, process.cwd()].join(' '));`,
    );
    const input = 'line\n'.repeat(40_000);
    const args = ['--vms', '1', '-n', '1', '--wdir', folder, '-x', 'FLAVOUR=vanilla', script];
    expect(await linesOf(args, { ...options, input })).toEqual([`${input.length} vanilla ${folder}`]);
  });

  test('a rank that fails ends the job, and its last lines are shown', async () => {
    const job = startZivmrun(['--vms', '2', '-n', '2', program('fails.mjs')], options);
    const { exitCode, stderr } = await job.ended;
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/zivmrun: rank 1 \(process \d+\) exited with code 1: the job is ended/);
    expect(stderr).toContain('this rank has failed on purpose');
    await job.gone();
  });

  test.each([
    ['tap devices on a bridge', {}],
    ['a direct connection of two QEMU processes', { PATH: pathWithout('unshare') }],
  ])('a network on request: %s', async (kind, env) => {
    const args = ['--vms', '2', '-n', '2', '--vm-net', 'osu_latency', '--transport', 'tcp', '-m', '8:8', '-i', '20'];
    const job = startZivmrun(args, { ...options, env });
    const { exitCode, stdout, stderr } = await job.ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^# Network: virtio-net, ${kind}`, 'm'));
    const [, ...values] = /^8 +([\d.]+) +([\d.]+) +([\d.]+)$/m.exec(stdout)!;
    expect(Math.min(...values.map(Number))).toBeGreaterThan(0);
    await job.gone();
  });

  test('a signal ends a job whose machines still boot, and a killed launcher leaves no machine behind', async () => {
    const stopped = startZivmrun(['--vms', '1', '-n', '1', program('blocked.mjs')], options);
    await until(() => stopped.runs('-kernel'), () => `a machine of\n${stopped.output}`);
    stopped.signal('SIGTERM');
    expect(await stopped.ended).toMatchObject({ exitCode: 143 });
    await stopped.gone();
    const killed = startZivmrun(['--vms', '2', '-n', '2', program('blocked.mjs')], options);
    await killed.printed(/is ready/, 2);
    killed.signal('SIGKILL');
    await killed.ended;
    await killed.gone();
  });

  test('too little memory for a machine is refused, with what would be enough', async () => {
    const { exitCode, stderr } = await startZivmrun(['--vms', '1', '-n', '1', '--vm-memory', '128M', 'osu_hello']).ended;
    expect(stderr).toMatch(/^zivmrun: --vm-memory 128M is too little for a machine, .*: give at least \d+M$/m);
    expect(exitCode).toBe(2);
  });

  test('a machine that does not come up is reported with the end of its console', async () => {
    // A kernel without modules finds none of the host's files.
    const kernel = join(folder, 'boot', 'vmlinuz-0.0-bare');
    mkdirSync(join(folder, 'boot'));
    mkdirSync(join(folder, 'lib', 'modules', '0.0-bare'), { recursive: true });
    symlinkSync(findKernel().image, kernel);
    const env = { XDG_CACHE_HOME: join(folder, 'cache') };
    const { exitCode, stderr } = await zivmrun(['--vms', '1', '-n', '1', '--kernel', kernel, program('where.mjs')], { ...options, env });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^zivmrun: guest 0 ended before it was up .* The end of its console:\n( {2}\| .*\n)*( {2}\| mount: .*failed.*\n)( {2}\| .*\n)*$/);
  });

  test('twenty boots, two at a time, leave no process, memory or file', async () => {
    const temporary = mkdtempSync(join(folder, 'tmp-'));
    const boot = async (): Promise<void> => {
      const job = startZivmrun(['--vms', '1', '-n', '1', program('where.mjs')], { ...options, env: { TMPDIR: temporary } });
      const { exitCode, stdout, stderr } = await job.ended;
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout).toMatch(/^rank 0 of 1, sum 1, machine .+\n$/);
      await job.gone();
    };
    for (let boots = 0; boots < 20; boots += 2) await Promise.all([boot(), boot()]);
    expect(readdirSync(temporary)).toEqual([]);
    expect(readdirSync('/dev/shm').filter((name) => name.includes('zivm'))).toEqual([]);
  });
});
