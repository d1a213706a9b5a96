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
  write: false,
  logLevel: 'warning',
};

/**
 * esbuild calls a class that mentions itself `_Comm` inside `var Comm = class _Comm`, and users would see that name. (Its
 * option keepNames makes a message four times as slow.)
 */
function withNames(text) {
  const names = [...text.matchAll(/= class _(\w+)/g)].map(([, name]) => name);
  return names.reduce((named, name) => named.replace(new RegExp(`\\b_${name}\\b`, 'g'), name), text);
}

/** Writes what has changed, each file at once: a job may be starting from the ones that are there. */
async function bundle(more) {
  const { outputFiles } = await build({ ...options, ...more });
  for (const { path, text: written } of outputFiles) {
    const text = withNames(written);
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
