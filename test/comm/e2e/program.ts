import { join } from 'node:path';

/** The file of a program that ranks run. */
export function program(name: string): string {
  return join(__dirname, 'programs', `${name}.ts`);
}
