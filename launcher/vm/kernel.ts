import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { ZivmError } from '../../src/errors';

/** A Linux kernel for guests, and the folder of its modules. */
export interface Kernel {
  image: string;
  modules: string;
}

/** Where `zivmrun setup` puts what it fetches. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'zivm');
}

/**
 * The kernel for guests: the one named, else the newest that was fetched, else the newest installed one that can be read.
 * @param image path of a kernel image named `vmlinuz-VERSION`, its modules in `../lib/modules/VERSION` or `/lib/modules/VERSION`
 * @throws ZivmError `ERR_ZIVM_LAUNCH` when there is none
 */
export function findKernel(image?: string): Kernel {
  if (image !== undefined) {
    const kernel = kernelOf(image);
    if (kernel === undefined) {
      throw new ZivmError('ERR_ZIVM_LAUNCH', `--kernel ${image}: no kernel image vmlinuz-VERSION with modules in lib/modules/VERSION beside it`);
    }
    return kernel;
  }
  const found = [join(cacheFolder(), 'kernel', 'boot'), '/boot']
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => imagesIn(folder).flatMap((file) => kernelOf(file) ?? []))
    .find((kernel) => findModule(kernel, '9p') !== undefined);
  if (found === undefined) {
    throw new ZivmError('ERR_ZIVM_LAUNCH', `no kernel for guests was found: run 'npx zivmrun setup', which fetches one (or name one with --kernel)`);
  }
  return found;
}

function imagesIn(folder: string): string[] {
  const images = readdirSync(folder).filter((name) => name.startsWith('vmlinuz-'));
  return images.sort((a, b) => b.localeCompare(a, undefined, { numeric: true })).map((name) => join(folder, name));
}

function kernelOf(image: string): Kernel | undefined {
  const [, version] = /^vmlinuz-(.+)$/.exec(basename(image)) ?? [];
  if (version === undefined || !existsSync(image)) return undefined;
  const modules = [join(image, '..', '..', 'lib', 'modules', version), join('/lib/modules', version)].find((folder) => existsSync(folder));
  return modules === undefined ? undefined : { image, modules };
}

const files = new Map<string, Map<string, string>>();

/** Module files of a kernel by module name, in which `-` and `_` are the same. */
function moduleFiles({ modules }: Kernel): Map<string, string> {
  let known = files.get(modules);
  if (known === undefined) {
    known = new Map(
      readdirSync(modules, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ko'))
        .map((file) => [moduleName(basename(file, '.ko')), join(modules, file)]),
    );
    files.set(modules, known);
  }
  return known;
}

const moduleName = (name: string): string => name.replaceAll('-', '_');

function findModule(kernel: Kernel, name: string): string | undefined {
  return moduleFiles(kernel).get(moduleName(name));
}

/** The files of modules and of all that they depend on, in the order in which they are to be loaded. */
export function moduleClosure(kernel: Kernel, names: readonly string[]): string[] {
  const ordered: string[] = [];
  const visit = (name: string): void => {
    const file = findModule(kernel, name);
    if (file === undefined || ordered.includes(file)) return; // built in, or not in this kernel
    for (const dependency of dependencies(file)) visit(dependency);
    ordered.push(file);
  };
  names.forEach(visit);
  return ordered;
}

/** A module names those that it depends on in its own file: `depends=a,b`. */
function dependencies(file: string): string[] {
  const [, list = ''] = /\0depends=([^\0]*)\0/.exec(readFileSync(file, 'latin1')) ?? [];
  return list.split(',').filter((name) => name !== '');
}
