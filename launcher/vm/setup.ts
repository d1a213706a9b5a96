import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { UsageError } from '../usage-error';
import { BUSYBOX } from './initramfs';
import { cacheFolder, findKernel } from './kernel';
import { unpackedKernel } from './vmlinux';

/** Debian's names of what guests need, by what shows that it is there. */
const PACKAGES = [
  { name: 'qemu-system-x86', isThere: () => hasCommand('qemu-system-x86_64') },
  { name: 'busybox-static', isThere: () => existsSync(BUSYBOX) },
  { name: 'xz-utils', isThere: () => hasCommand('xz') },
];
const KERNEL_PACKAGE = 'linux-image-amd64';

/** `zivmrun setup`: fetches what guests need and this machine has not. @throws UsageError when something cannot be had */
export function setup(): void {
  installPackages();
  if (!isKernelThere()) fetchKernel();
  const { image } = findKernel();
  unpackedKernel(image);
  console.log(`guests can be started: kernel ${image}`);
}

function hasCommand(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
}

function isKernelThere(): boolean {
  try {
    findKernel();
    return true;
  } catch {
    return false;
  }
}

function installPackages(): void {
  const missing = PACKAGES.filter(({ isThere }) => !isThere()).map(({ name }) => name);
  if (missing.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  if (process.getuid!() !== 0) throw new UsageError(`these packages are missing; install them as root: ${command}`);
  console.log(`installing ${missing.join(', ')}`);
  run('apt-get', ['update', '-q']);
  run('apt-get', command.split(' ').slice(1));
}

/** Puts Debian's kernel into the cache folder; it is not installed. */
function fetchKernel(): void {
  const folder = cacheFolder();
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, 'fetch-'));
  try {
    const dependencies = output('apt-cache', ['depends', KERNEL_PACKAGE]);
    const [, name] = /Depends: (linux-image-\S+)/.exec(dependencies) ?? [];
    if (name === undefined) throw new UsageError(`apt-cache knows no ${KERNEL_PACKAGE}: run 'apt-get update' as root, or name a kernel with --kernel`);
    console.log(`fetching ${name} into ${folder}`);
    run('apt-get', ['download', '-q', name], work);
    const file = readdirSync(work).find((entry) => entry.endsWith('.deb'))!;
    run('dpkg', ['-x', file, 'kernel'], work);
    rmSync(join(folder, 'kernel'), { recursive: true, force: true });
    renameSync(join(work, 'kernel'), join(folder, 'kernel'));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function output(command: string, args: string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  } catch (error) {
    throw new UsageError(`${command} ${args.join(' ')} failed: ${(error as Error).message}`);
  }
}

function run(command: string, args: string[], cwd?: string): void {
  try {
    execFileSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  } catch (error) {
    throw new UsageError(`${command} ${args.join(' ')} failed: ${(error as { stderr?: Buffer }).stderr?.toString().trim() ?? (error as Error).message}`);
  }
}
