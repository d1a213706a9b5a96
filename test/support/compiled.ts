import { join, relative } from 'node:path';

const ROOT = join(__dirname, '../..');

/** The JavaScript that compile-programs.js has made of a program of the tests. */
export function compiled(program: string): string {
  return join(ROOT, 'build', relative(ROOT, program)).replace(/\.ts$/, '.js');
}
