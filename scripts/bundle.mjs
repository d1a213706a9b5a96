/*
 * Puts what a rank and an agent load when they start into one file each, in place of the many that tsc has written: in
 * an emulated machine each file that is opened costs milliseconds.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const options = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  outdir: 'dist',
  outbase: '.',
  // Numbers that have names are written as numbers, which V8 cannot know of a variable.
  minifySyntax: true,
  keepNames: true,
  write: false,
  logLevel: 'warning',
};

/** Writes what has changed, each file at once: a job may be starting from the ones that are there. */
async function bundle(more) {
  const { outputFiles } = await build({ ...options, ...more });
  for (const { path, text } of outputFiles) {
    if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  }
}

// The library keeps its dependencies: a program may have loaded them already.
await bundle({ entryPoints: ['src/index.ts', 'launcher/bootstrap.ts'], packages: 'external' });

// The agent is a program, and starts in every machine.
const licences = ['commander', 'msgpackr'].map((name) => `/*\n${name}\n\n${readFileSync(`node_modules/${name}/LICENSE`, 'utf8')}*/\n`);
await bundle({
  entryPoints: ['launcher/zivm-agent.ts'],
  // Loading the addon of msgpackr takes longer than it saves with the agent's few short objects.
  define: { 'process.env.MSGPACKR_NATIVE_ACCELERATION_DISABLED': '"true"' },
  external: ['msgpackr-extract', 'tsx'],
  footer: { js: licences.join('') },
});
