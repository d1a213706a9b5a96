/*
 * Puts what a rank and an agent load when they start into one file each, in place of the many that tsc has written: in
 * an emulated machine each file that is opened costs milliseconds.
 */
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';

const options = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  outdir: 'dist',
  outbase: '.',
  // Numbers that have names are written as numbers, which V8 cannot know of a variable.
  minifySyntax: true,
  logLevel: 'warning',
};

// The library keeps its dependencies: a program may have loaded them already.
await build({ ...options, entryPoints: ['src/index.ts', 'launcher/bootstrap.ts'], packages: 'external' });

// The agent is a program, and starts in every machine.
const licences = ['commander', 'msgpackr'].map((name) => `/*\n${name}\n\n${readFileSync(`node_modules/${name}/LICENSE`, 'utf8')}*/\n`);
await build({
  ...options,
  entryPoints: ['launcher/zivm-agent.ts'],
  // Loading the addon of msgpackr takes longer than it saves with the agent's few short objects.
  define: { 'process.env.MSGPACKR_NATIVE_ACCELERATION_DISABLED': '"true"' },
  external: ['msgpackr-extract', 'tsx'],
  footer: { js: licences.join('') },
});
