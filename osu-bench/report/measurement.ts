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

/** What a side has measured: of two ranks on cores of their own, while these were at one distance. */
export interface Series {
  name: string;
  /** The distance of the cores: what a flag took from one to the other, in nanoseconds, typically. */
  flagNs?: number;
  /** The value of each pass, by what is on the horizontal axis: message sizes in bytes, or ranks. */
  values: Record<string, number[]>;
}

/** A measurement that has been made. */
export interface Result extends Omit<Measurement, 'sides' | 'part'> {
  /** In the order of the sides, and of the distances of the cores. */
  series: Series[];
  /** The sides that are absent or have failed, and why. */
  missing: { name: string; absent?: string; failed?: string }[];
  /** So many samples of how many are left out, in which the cores moved, or were at a distance that is rare. */
  leftOut: [count: number, all: number];
}

/** Names of the sides whose users zivm wants: the table of ratios is about the better of them. */
export const MPI_RIVALS = ['MPICH', 'Open MPI'];
export const OWN = 'zivm';

export function median(values: readonly number[]): number {
  return quantile([...values].sort((a, b) => a - b), 0.5);
}

/** Between two values it is as far from each as the place is. */
function quantile(sorted: readonly number[], part: number): number {
  const place = part * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.ceil(place);
  const share = place - below;
  return (1 - share) * sorted[below]! + share * sorted[above]!;
}

/** Median and spread of a series at each point. */
export interface Point {
  x: number;
  /** Of so many passes. */
  count: number;
  median: number;
  /** The quartiles: half of the passes are between them. */
  lower: number;
  upper: number;
}

export function pointsOf({ values }: Series): Point[] {
  const points = Object.entries(values).map(([x, all]) => {
    const sorted = [...all].sort((a, b) => a - b);
    return { x: Number(x), count: all.length, median: median(all), lower: quantile(sorted, 0.25), upper: quantile(sorted, 0.75) };
  });
  return points.sort((a, b) => a.x - b.x);
}

/** How far zivm is ahead at a point. */
export interface Ahead {
  x: number;
  /** The distance of the cores, for both. */
  flagNs?: number;
  /** Ratio of the medians: above 1 zivm is ahead. */
  ahead: number;
  /** The better of the rivals there. */
  rival: string;
  /** How many rivals there are there. */
  rivals: number;
  /** Of so many passes is the median that has the fewest: zivm's, or one of the rivals'. */
  passes: number;
}

/** How far zivm is from the better of the MPI rivals, at each point and each distance of the cores where there is one. */
export function aheadOf({ series, higherIsBetter }: Result, rivals: readonly string[] = MPI_RIVALS): Ahead[] {
  const sign = higherIsBetter ? 1 : -1;
  return series.filter(({ name }) => name === OWN).flatMap((own) => {
    const { flagNs } = own;
    // A table shows two decimals: what is printed as zero cannot be divided by.
    const others = series.filter((other) => rivals.includes(other.name) && other.flagNs === flagNs).flatMap((other) => pointsOf(other).map((point) => ({ name: other.name, ...point })));
    return pointsOf(own).flatMap(({ x, median, count }) => {
      const there = others.filter((other) => other.x === x && other.median !== 0).sort((a, b) => sign * (b.median - a.median));
      const [best] = there;
      if (best === undefined || median === 0) return [];
      const ahead = higherIsBetter ? median / best.median : best.median / median;
      return [{ x, ...(flagNs === undefined ? {} : { flagNs }), ahead, rival: best.name, rivals: there.length, passes: Math.min(count, ...there.map((other) => other.count)) }];
    });
  });
}
