import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/*
 * Runs Spin on docs/models/wakeup.pml: the protocol must never lose a wake-up, and the model must notice when a part
 * of the protocol is left out. The README beside the model says what each switch does.
 */

jest.setTimeout(120_000);

const MODEL = join(__dirname, '../../docs/models/wakeup.pml');
/** Megabytes. The largest configuration needs less than half of this. */
const MEMORY_LIMIT = 1024;
/** Steps. The longest run of any configuration has a few hundred. */
const DEPTH_LIMIT = 10_000;

const SOUND = [
  [],
  ['SPACE', 'CAPACITY=1'],
  ['SPACE', 'CAPACITY=2'],
  // What the protocol can do without. The third look finds what the second one at the rings would have found sooner.
  ['NO_RINGS_LOOK'],
  ['SPACE', 'NO_RINGS_LOOK'],
  ['NO_RESTORED_BITS'],
  ['SPACE', 'NO_RESTORED_BITS'],
  ['SPACE', 'CAPACITY=1', 'NO_STARVED_FENCE'],
  ['SPACE', 'CAPACITY=2', 'NO_STARVED_FENCE'],
];

const LOST_WAKE_UP = [
  ['NO_THIRD_LOOK'],
  ['EARLY_THIRD_LOOK'],
  ['UNREAD_DOORBELL'],
  ['NO_RECEIVER_FENCE'],
  ['NO_SECOND_LOOK'],
  ['NO_MARKS_LOOK'],
  ['NO_TAKEN_BITS'],
  ['NO_MARKS_POLL'],
  ['SPACE', 'NO_THIRD_LOOK'],
  ['SPACE', 'EARLY_THIRD_LOOK'],
  ['SPACE', 'UNREAD_DOORBELL'],
  ['SPACE', 'NO_RECEIVER_FENCE'],
  ['SPACE', 'NO_SECOND_LOOK'],
  ['SPACE', 'NO_MARKS_LOOK'],
  ['SPACE', 'NO_TAKEN_BITS'],
  ['SPACE', 'NO_MARKS_POLL'],
  ['SPACE', 'NO_SENDER_ARMED_FENCE'],
  ['SPACE', 'NO_HEAD_FENCE'],
  ['SPACE', 'NO_HEAD_LOOK'],
  ['SPACE', 'NO_STARVED_STORE'],
  ['SPACE', 'CAPACITY=2', 'QUANTUM=3'],
];

const NEEDLESS_DOORBELL = [['RING_ALWAYS'], ['SPACE', 'RING_ALWAYS']];

interface Verdict {
  errors: number;
  /** The first error, in Spin's words. */
  error: string | undefined;
  /** Statements of the model that were never executed, as "proctype: statement". */
  unreached: string[];
  /** Everything that pan printed. */
  output: string;
}

function run(directory: string, command: string, ...args: string[]): string {
  try {
    return execFileSync(command, args, { cwd: directory, encoding: 'utf8', stdio: 'pipe', timeout: 100_000 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error(`${command}, which checks the model, is not on the PATH: apt-get install ${command}`, { cause: error });
  }
}

function unreached(output: string): string[] {
  const statements: string[] = [];
  let proctype = '';
  for (const line of output.split('\n')) {
    proctype = /^unreached in proctype (\w+)/.exec(line)?.[1] ?? proctype;
    const statement = /^\t.*, state \d+, "(.*)"$/.exec(line)?.[1];
    if (statement !== undefined) statements.push(`${proctype}: ${statement}`);
  }
  return statements;
}

function verify(switches: string[]): Verdict {
  const directory = mkdtempSync(join(tmpdir(), 'zivm-model-'));
  try {
    // pan writes the trail of an error beside the model.
    copyFileSync(MODEL, join(directory, 'wakeup.pml'));
    run(directory, 'spin', '-a', ...switches.map((name) => `-D${name}`), 'wakeup.pml');
    // The model is explored in less time than a compiler needs to make that quicker.
    run(directory, 'gcc', '-O1', '-DSAFETY', `-DMEMLIM=${MEMORY_LIMIT}`, '-o', 'pan', 'pan.c');
    const output = run(directory, join(directory, 'pan'), `-m${DEPTH_LIMIT}`);
    const errors = /errors: (\d+)/.exec(output)?.[1];
    if (errors === undefined) throw new Error(`pan has come to no verdict:\n${output}`);
    return {
      errors: Number(errors),
      error: /^pan:1: (.*) \(at depth \d+\)$/m.exec(output)?.[1],
      unreached: unreached(output),
      output,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Names a configuration for the title of its test. */
function titled(configurations: string[][]): [string, string[]][] {
  return configurations.map((switches) => [switches.join(' ') || '(no switch)', switches]);
}

describe('the model of the sleep/wake protocol', () => {
  it.each(titled(SOUND))('loses no wake-up: %s', (_title, switches) => {
    const { errors, error, unreached, output } = verify(switches);
    expect({ errors, error }).toEqual({ errors: 0, error: undefined });
    // The search was exhaustive: no limit cut it short.
    expect(output).toMatch(/^Full statespace search/m);
    expect(output).toMatch(/invalid end states\s+\+/);
    expect(output).toMatch(/assertion violations\s+\+/);
    expect(output).not.toMatch(/max search depth too small|MEMLIM bound|out of memory|Search not completed/);
    // Every statement was executed, so nothing was proved about code that cannot run. The memory itself never ends.
    expect(unreached).toEqual(['Memory: -end-']);
  });

  it.each(titled(LOST_WAKE_UP))('loses a wake-up: %s', (_title, switches) => {
    const { errors, error } = verify(switches);
    expect(errors).toBeGreaterThanOrEqual(1);
    expect(error).toBe('invalid end state');
  });

  it.each(titled(NEEDLESS_DOORBELL))('rings at a rank that is not armed: %s', (_title, switches) => {
    const { errors, error } = verify(switches);
    expect(errors).toBeGreaterThanOrEqual(1);
    expect(error).toBe('assertion violated lookedArmed');
  });

  it('is run with each of its switches', () => {
    const known = [...readFileSync(MODEL, 'utf8').matchAll(/^#if(?:def|ndef) (\w+)/gm)].map((match) => match[1]);
    const tried = [...SOUND, ...LOST_WAKE_UP, ...NEEDLESS_DOORBELL].flat().map((name) => name.split('=')[0]);
    // The number of records is only there to be raised by hand.
    expect([...new Set(tried), 'RECORDS'].sort()).toEqual([...new Set(known)].sort());
  });
});
