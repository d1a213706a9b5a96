/** Values by what is on the horizontal axis: message sizes in bytes, or ranks. */
export type Values = Record<string, number>;

/** What a pass has measured at one place of the horizontal axis. */
export interface Sample {
  value: number;
  /** What a flag took from one core to the other just before and just after, in nanoseconds, where two cores worked together. */
  flagNs?: [number, number];
}

/** What a run has measured: at each place one sample or several. */
export type Samples = Record<string, Sample[]>;

/** One of the programs that are compared. Several runs of it alternate with those of the others. */
export interface Side {
  name: string;
  /** Runs it once. @throws Error when it fails */
  run: () => Samples;
}

/** Something that is measured: all sides of it, in one go. Several may have one name: then they are parts of one result. */
export interface Measurement {
  /** For --only. */
  name: string;
  /** Which part of the result it is, if there are several. */
  part?: string;
  title: string;
  x: 'bytes' | 'ranks';
  unit: string;
  higherIsBetter: boolean;
  sides: Side[];
}

/** A measurement that has been made. */
export interface Result extends Omit<Measurement, 'sides' | 'part'> {
  /** So many samples of how many are left out, in which the cores were not as near each other as in those that count. */
  leftOut: [number, number];
  /** In the order of the sides; one that is absent or has failed has a reason. */
  sides: { name: string; rounds: Values[]; absent: string | undefined; failed: string | undefined }[];
}

/** Names of the sides whose users zivm wants: the table of ratios is about the better of them. */
export const MPI_RIVALS = ['MPICH', 'Open MPI'];
export const OWN = 'zivm';

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Median and spread of a side at each point. */
export interface Point {
  x: number;
  /** Of so many values. */
  count: number;
  median: number;
  min: number;
  max: number;
}

export function pointsOf(rounds: readonly Values[]): Point[] {
  const xs = [...new Set(rounds.flatMap((values) => Object.keys(values)))].map(Number).sort((a, b) => a - b);
  return xs.map((x) => {
    const values = rounds.flatMap((round) => round[x] ?? []);
    return { x, count: values.length, median: median(values), min: Math.min(...values), max: Math.max(...values) };
  });
}

/** How far zivm is from the better of the MPI rivals, at each point where there is one: above 1 it is ahead. */
export function aheadOf(result: Result, rivals: readonly string[] = MPI_RIVALS): { x: number; ahead: number; rival: string }[] {
  const medians = new Map(result.sides.map(({ name, rounds }) => [name, new Map(pointsOf(rounds).map((point) => [point.x, point.median]))]));
  const sign = result.higherIsBetter ? 1 : -1;
  return [...(medians.get(OWN) ?? [])].flatMap(([x, own]) => {
    const others = rivals.flatMap((name) => {
      const value = medians.get(name)?.get(x);
      // A table shows two decimals: what is printed as zero cannot be divided by.
      return value === undefined || value === 0 ? [] : [{ name, value }];
    });
    const best = others.sort((a, b) => sign * (b.value - a.value))[0];
    if (best === undefined || own === 0) return [];
    return [{ x, ahead: result.higherIsBetter ? own / best.value : best.value / own, rival: best.name }];
  });
}
