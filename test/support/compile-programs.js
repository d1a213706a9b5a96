const { readdirSync } = require('node:fs');
const { join } = require('node:path');
const { build } = require('esbuild');

const ROOT = join(__dirname, '../..');
const FOLDERS = ['collectives', 'comm/e2e', 'native', 'ring'].map((folder) => join(ROOT, 'test', folder, 'programs'));

/**
 * Before all tests: compiles the programs that they start. Loading tsx in every rank takes longer than most of the programs
 * do; that zivmrun runs TypeScript as it stands, test/launcher sees.
 */
module.exports = async () => {
  const programs = FOLDERS.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  await build({
    entryPoints: programs.filter((file) => file.endsWith('.ts')),
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    outbase: ROOT,
    outdir: join(ROOT, 'build'),
    logLevel: 'warning',
  });
};
