import { readFileSync } from 'node:fs';

const SAMPLE_MS = 300;

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

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
