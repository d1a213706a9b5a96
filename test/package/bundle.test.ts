import { execFileSync } from 'node:child_process';
import { join, relative } from 'node:path';

const PACKAGE = join(__dirname, '../..');
const LIBRARY = join(PACKAGE, 'dist/src/index.js');

/** What a Node process prints, as JSON. */
const printed = (code: string): unknown => JSON.parse(execFileSync(process.execPath, ['-e', `console.log(JSON.stringify(${code}))`], { encoding: 'utf8' }));

test('the library is one file and two addons: each file that a rank opens when it starts costs milliseconds in a machine', () => {
  const loaded = printed(`(require(${JSON.stringify(LIBRARY)}), Object.keys(require.cache))`) as string[];
  expect(loaded.map((file) => relative(PACKAGE, file)).sort()).toEqual(['build/Release/zivm.node', 'build/Release/zivm_fast.node', 'dist/src/index.js']);
});

test('in it, classes have the names that users know', () => {
  const names = ['Comm', 'Op', 'Request', 'Status', 'ZivmError'];
  expect(printed(`Object.entries(require(${JSON.stringify(LIBRARY)})).filter(([, value]) => typeof value === 'function').map(([, { name }]) => name).sort()`)).toEqual(names);
});

test('no benchmark loads the library a second time, file by file', () => {
  const program = JSON.stringify(join(PACKAGE, 'dist/osu-bench/harness.js'));
  const loaded = printed(`(require(${program}), Object.keys(require.cache))`) as string[];
  expect(loaded.map((file) => relative(PACKAGE, file)).filter((file) => file.startsWith('dist/src/')).sort()).toEqual(['dist/src/job/environment.js']);
});
