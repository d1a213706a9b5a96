import { readFileSync } from 'node:fs';

const SAMPLE_MS = 300;
/** Cores are near each other when a flag takes less than so many times the least that was seen (two threads of one core take half of what two cores of one cache take). */
const NEAR = 3;
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

/**
 * The host of a virtual machine moves its cores: to two threads of one core, two cores of one cache, or two that share
 * none, where all that they do together takes up to four times as long. An idle core may be put elsewhere each time it
 * wakes; while both are busy, they seem to stay where they are, or to be moved apart and stay there: the longer a program runs, the more likely.
 * So each run waits some seconds until the cores are near each other, and is repeated when they were moved
 * apart in it, lest a program that runs for seconds be compared with one that is done in the first.
 */
export class Pace {
  readonly #look: () => number | undefined;
  readonly #mostRuns: number;
  #best = Infinity;

  /**
   * @param look nanoseconds of a flag between two cores, if that can be measured
   * @param mostRuns how often a run is made at most until the cores have stayed near each other
   */
  constructor(look: () => number | undefined, mostRuns: number) {
    this.#look = look;
    this.#mostRuns = mostRuns;
  }

  /** Waits until the cores are near each other, but not for long. @returns what a flag takes then, in nanoseconds */
  settle(): number | undefined {
    for (let look = 1; ; look++) {
      const ns = this.#look();
      if (ns === undefined || this.#isNear(ns) || look === PACE_LOOKS) return ns;
      pause(PACE_PAUSE_MS);
    }
  }

  /** Runs something while the cores are near each other, several times if need be. @returns the outcome of the last run, and what a flag took before it */
  async hold<T>(run: () => Promise<T>): Promise<[T, number | undefined]> {
    for (let time = 1; ; time++) {
      const flagNs = this.settle();
      const outcome = await run();
      const after = this.#look();
      if (after === undefined || this.#isNear(after) || time === this.#mostRuns) return [outcome, flagNs];
    }
  }

  #isNear(ns: number): boolean {
    this.#best = Math.min(this.#best, ns);
    return ns <= this.#best * NEAR;
  }
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
