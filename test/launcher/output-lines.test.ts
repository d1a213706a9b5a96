import { setTimeout as delay } from 'node:timers/promises';
import { program, startZivmrun, until, zivmrun } from '../support/launcher';

/*
 * Lines of different ranks never mix, however they are written.
 */

const RANKS = 4;
const LINES = 40;
const PIECES = 7;

test.each([3, 3000])('lines that are written in pieces of %d characters stay whole and in order', async (length) => {
  const { exitCode, stdout } = await zivmrun(['-n', String(RANKS), program('long-lines.ts'), String(LINES), String(length)]);
  expect(exitCode).toBe(0);
  const lines = stdout.split('\n');
  expect(lines.pop()).toBe('');
  for (let rank = 0; rank < RANKS; rank++) {
    const expected = Array.from({ length: LINES }, (_, line) => `${rank}:${line}:${'abcdé'[rank]!.repeat(PIECES * length)}:end`);
    expect(lines.filter((line) => line.startsWith(`${rank}:`)).join('\n') === expected.join('\n')).toBe(true);
  }
  expect(lines).toHaveLength(RANKS * LINES);
});

test('a character that is written in two parts arrives whole', async () => {
  // Rank 4 of long-lines writes characters of two bytes: pieces of an odd number of them end pages of a pipe in between.
  const { stdout } = await zivmrun(['-n', '5', program('long-lines.ts'), '6', '9999']);
  const lines = stdout.split('\n').filter((line) => line.startsWith('4:'));
  expect(lines.every((line, index) => line === `4:${index}:${'é'.repeat(PIECES * 9999)}:end`)).toBe(true);
  expect(lines).toHaveLength(6);
});

test('a line in two halves is written when it is complete', async () => {
  const { stdout } = await zivmrun(['-n', '2', program('half-lines.mjs')]);
  expect(stdout.split('\n').sort()).toEqual(['', 'a whole line', 'the first half, the second half']);
});

test('output without a newline at its end is written too, on a line of its own', async () => {
  const { stdout } = await zivmrun(['-n', '3', '--tag-output', program('no-newline.mjs')]);
  expect(stdout.split('\n').sort()).toEqual(
    [0, 1, 2].flatMap((rank) => [`[${rank}]<stdout>: a line`, `[${rank}]<stdout>: no newline after ${rank}`]).sort(),
  );
});

test('a reader that lets zivmrun wait finds everything in the end', async () => {
  // What each rank writes fits into its pipe, so ranks can end; what all write does not fit into that of zivmrun.
  const COUNT = 1000;
  const job = startZivmrun(['-n', String(RANKS), program('much-output.mjs'), String(COUNT)]);
  job.pauseOutput();
  await until(
    () => job.ranksEnded,
    () => 'the end of the ranks',
  );
  // Nothing may be given up while zivmrun waits; how long that takes is the reader's affair.
  await delay(1000);
  job.resumeOutput();
  const { exitCode, stdout, stderr } = await job.ended;
  const lines = stdout.split('\n').filter(Boolean);
  const inOrder = Array.from({ length: RANKS }, (_, rank) => {
    const own = lines.filter((line) => line.startsWith(`${rank}:`));
    return own.length === COUNT && own.every((line, number) => line === `${rank}:${number}:${'x'.repeat(80)}`);
  });
  expect({ exitCode, stderr, inOrder }).toEqual({ exitCode: 0, stderr: '', inOrder: Array(RANKS).fill(true) });
});

test('the job ends when nobody reads its output any more', async () => {
  const job = startZivmrun(['-n', '2', program('endless-output.mjs')]);
  await job.printed(/rank 1 writes/);
  job.closeOutput();
  const { exitCode, stderr } = await job.ended;
  expect(exitCode).toBe(141);
  expect(stderr).toBe('zivmrun: the job was ended: nobody reads the output any more\n');
  await job.gone();
});
