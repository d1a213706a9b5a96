import { readFileSync } from 'node:fs';

const SAMPLE_MS = 300;
/** A pace this much slower than the best that was seen is another one. */
const OTHER_PACE = 1.5;
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
 * The host of a virtual machine moves its cores nearer to each other or farther apart, which makes all that two cores do
 * together up to four times slower, for seconds or minutes. Each run waits some seconds for the quick pace, so that as
 * few as possible are compared with runs at another pace.
 */
export class Pace {
  readonly #look: () => number | undefined;
  #best = Infinity;

  /** @param look nanoseconds of a flag between two cores, if that can be measured */
  constructor(look: () => number | undefined) {
    this.#look = look;
  }

  /** Waits for the best pace that was seen, but not for long. @returns the pace then, in nanoseconds */
  settle(): number | undefined {
    for (let look = 1; ; look++) {
      const ns = this.#look();
      if (ns === undefined) return undefined;
      this.#best = Math.min(this.#best, ns);
      if (ns <= this.#best * OTHER_PACE || look === PACE_LOOKS) return ns;
      pause(PACE_PAUSE_MS);
    }
  }
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
