import { median, type Sample } from './measurement';

/** How far two cores are from each other: what a flag takes from one to the other. */
export interface Distance {
  /** The median, in whole nanoseconds. */
  flagNs: number;
  /** Whether the cores were so far apart, before and after. */
  has: (sample: Sample) => boolean;
}

/**
 * Cores are as far apart as before when a flag takes less than so many times as long, either way: two threads of one core take
 * half of what two cores of one cache take, and these a quarter of what two cores take that share none.
 */
const ALIKE = 1.8;
/** A distance that has less than this part of all flags is not compared by itself. */
const LEAST_SHARE = 0.05;

/**
 * The host of a virtual machine moves its cores, and between far ones all that they do together takes up to ten times as long. These are the distances that
 * they were at.
 * @param flagNs nanoseconds of all flags
 */
export function distancesOf(flagNs: readonly number[]): Distance[] {
  const found: Distance[] = [];
  let rest = [...flagNs].sort((a, b) => a - b);
  for (;;) {
    const [least, count] = fullest(rest);
    if (count === 0 || count < LEAST_SHARE * flagNs.length) return found;
    const isAlike = (ns: number): boolean => ns >= least && ns < ALIKE * least;
    found.push({ flagNs: Math.round(median(rest.filter(isAlike))), has: ({ flagNs }) => flagNs!.every(isAlike) });
    rest = rest.filter((ns) => !isAlike(ns));
  }
}

/** Where most are alike: from which on, and how many. @param sorted from the least to the most */
function fullest(sorted: readonly number[]): [least: number, count: number] {
  let best: [number, number] = [0, 0];
  let end = 0;
  for (const [start, ns] of sorted.entries()) {
    while (end < sorted.length && sorted[end]! < ALIKE * ns) end++;
    if (end - start > best[1]) best = [ns, end - start];
  }
  return best;
}
