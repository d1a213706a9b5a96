import type { Sample } from './measurement';

/**
 * Cores are as near each other as before when a flag takes less than so many times as long, either way: two threads of one core take
 * half of what two cores of one cache take, and these a quarter of what two cores take that share none.
 */
const ALIKE = 1.8;

const areAlike = (...flagNs: number[]): boolean => Math.max(...flagNs) < ALIKE * Math.min(...flagNs);

/**
 * The host of a virtual machine moves its cores, and between far ones all that they do together takes up to ten times as long. So of the samples of
 * several sides those count in which the cores were equally near each other, before and after: as near as in the most of the side that has the fewest such. All count
 * if there are none on every side, or if there is no other side to compare with.
 * @param sides the samples of each side at one place, with what a flag took
 */
export function equallyNear(sides: Sample[][]): (sample: Sample) => boolean {
  const compared = sides.filter((samples) => samples.length > 0);
  if (compared.length < 2) return () => true;
  const groups = compared.flat().map(({ flagNs }) => {
    const isIn = (sample: Sample): boolean => sample.flagNs!.every((ns) => flagNs!.every((other) => areAlike(ns, other)));
    const counts = compared.map((samples) => samples.filter(isIn).length);
    return { isIn, fewest: Math.min(...counts), all: counts.reduce((sum, count) => sum + count, 0) };
  });
  const [best] = groups.sort((a, b) => b.fewest - a.fewest || b.all - a.all);
  return best!.fewest === 0 ? () => true : best!.isIn;
}
