import { readFileSync } from 'node:fs';

const SAMPLE_MS = 300;
/**
 * Cores are as near each other as before when a flag takes less than so many times as long, either way: two threads of one core take
 * half of what two cores of one cache take, and these a quarter of what two cores take that share none.
 */
const ALIKE = 1.8;
const PACE_LOOKS = 10;
const PACE_PAUSE_MS = 400;

/** What runs on this machine while nothing of ours does, in percent of all cores. */
export function busyWithOthers(): number {
  const before = times();
  pause(SAMPLE_MS);
  const after = times();
  return Math.round((100 * (after.busy - before.busy)) / (after.all - before.all));
}

/** Of all cores, since the machine was started (Linux, proc(5), /proc/stat). */
function times(): { busy: number; all: number } {
  const [, ...ticks] = readFileSync('/proc/stat', 'utf8').split('\n')[0]!.split(/\s+/).map(Number);
  const all = ticks.slice(0, 8).reduce((sum, value) => sum + value, 0);
  const [, , , idle, waiting] = ticks as [number, number, number, number, number];
  return { busy: all - idle - waiting, all };
}

/** Whether the cores were equally near each other each time that a flag took so many nanoseconds. */
export const areAlike = (flagNs: readonly number[]): boolean => Math.max(...flagNs) < ALIKE * Math.min(...flagNs);

/**
 * The host of a virtual machine moves its cores: to two threads of one core, two cores of one cache, or two that share
 * none, where all that they do together takes up to ten times as long. An idle core may be put elsewhere each time it
 * wakes; while both are busy, they seem to stay where they are, or to be moved and stay there: the longer a program runs, the more likely.
 * So a run is repeated when they were moved in it, or are elsewhere than they were for the side that it is compared with.
 */
export class Pace {
  readonly #look: () => number | undefined;
  readonly #mostRuns: number;

  /**
   * @param look nanoseconds of a flag between two cores, if that can be measured
   * @param mostRuns how often a run is made at most until the cores have stayed where they are to be
   */
  constructor(look: () => number | undefined, mostRuns: number) {
    this.#look = look;
    this.#mostRuns = mostRuns;
  }

  /** Waits until the cores are as near each other as is wanted, but not for long. @returns what a flag takes then, in nanoseconds */
  settle(wantedNs: number | undefined): number | undefined {
    for (let look = 1; ; look++) {
      const ns = this.#look();
      if (ns === undefined || wantedNs === undefined || areAlike([ns, wantedNs]) || look === PACE_LOOKS) return ns;
      pause(PACE_PAUSE_MS);
    }
  }

  /**
   * Runs something while the cores are as near each other as is wanted, and stay so; several times if need be.
   * @param wantedNs what a flag is to take; without it, what it takes
   * @returns the outcome of the last run, and what a flag took before and after it
   */
  async hold<T>(run: () => Promise<T>, wantedNs?: number): Promise<[T, number[]]> {
    for (let time = 1; ; time++) {
      const before = this.settle(wantedNs);
      const outcome = await run();
      const after = this.#look();
      if (before === undefined || after === undefined) return [outcome, []];
      if (time === this.#mostRuns || areAlike([before, after, wantedNs ?? after])) return [outcome, [before, after]];
    }
  }
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
