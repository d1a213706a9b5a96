import { type Ahead, aheadOf, MPI_RIVALS, OWN, pointsOf, type Result, type Series } from './measurement';

/** What the report says of the run. */
export interface About {
  machine: string;
  versions: string;
  options: string;
  guests: string;
  /** When it was measured. */
  date: string;
  /** How busy others kept the machine. */
  load: string;
}

/*
 * The measurements of the ZIVM paper (its Table 2), on other machines of another time: Mbps between two virtual machines.
 */
const PAPER = [
  { tool: 'Iperf', zivm: 139.3, virtio: 137.6, xenloop: 139.3 },
  { tool: 'LMbench', zivm: 143.8, virtio: 139.1, xenloop: 141.6 },
];

/** A message size or a number of ranks, for people. */
export function pointName(result: Pick<Result, 'x'>, x: number): string {
  if (result.x === 'ranks') return `${x}`;
  if (x >= 1 << 20) return `${x / 2 ** 20} MiB`;
  return x >= 1 << 10 ? `${x / 2 ** 10} KiB` : `${x} B`;
}

export function number(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

/** A table of ratios: of all that is against the same, at one distance of the cores. */
export interface RatioTable {
  x: Result['x'];
  flagNs: number | undefined;
  columns: number[];
  rows: { title: string; cells: Map<number, Ahead> }[];
}

/** The first tables: at each point, how far ahead zivm is of the better MPI; above 1 is ahead. */
export function ratioTables(results: Result[]): RatioTable[] {
  const all = results.map((result) => ({ result, points: aheadOf(result) }));
  const distances = [...new Set(all.flatMap(({ points }) => points.map(({ flagNs }) => flagNs)))].sort((a, b) => (a ?? Infinity) - (b ?? Infinity));
  return (['bytes', 'ranks'] as const).flatMap((x) =>
    distances.flatMap((flagNs) => {
      const rows = all
        .filter(({ result }) => result.x === x)
        .map(({ result: { title }, points }) => ({ title, cells: new Map(points.filter((point) => point.flagNs === flagNs).map((point) => [point.x, point])) }))
        .filter(({ cells }) => cells.size > 0);
      const columns = [...new Set(rows.flatMap(({ cells }) => [...cells.keys()]))].sort((a, b) => a - b);
      return rows.length === 0 ? [] : [{ x, flagNs, columns, rows }];
    }),
  );
}

/** What a table of ratios is of. */
export function tableTitle({ x, flagNs }: RatioTable): string {
  const against = x === 'bytes' ? 'message' : 'ranks';
  return flagNs === undefined ? against : `${against}; ${apartName(flagNs)}`;
}

/** The distance of the cores, for people. */
export const apartName = (flagNs: number): string => `cores ${flagNs} ns apart`;

/** The name of a series, for people. */
export const seriesName = ({ name, flagNs }: Series): string => (flagNs === undefined ? name : `${name}, ${apartName(flagNs)}`);

/** Fewer passes say too little for a colour. */
const FEW = 3;
export const isOfFew = ({ passes }: Ahead): boolean => passes < FEW;

/** A ratio, for people: in brackets if it is of few passes, with a star if only one of the two rivals was there. */
export const aheadName = (cell: Ahead): string => {
  const ratio = `${cell.ahead.toFixed(2)}${cell.rivals < MPI_RIVALS.length ? '*' : ''}`;
  return isOfFew(cell) ? `(${ratio})` : ratio;
};

/** How the tables of ratios are to be read. */
export const RATIO_WORDS =
  `Medians. The host of a virtual machine moves its cores, and two ranks are up to ten times as slow between far ones: so they are compared at each distance by itself, which is what a flag takes from core to core. In brackets: of fewer than ${FEW} passes on one side, which says little. A star: only one of the two rivals was measured there. Each side is started as its own launcher does it: zivmrun asks for pages of 2 MiB for its ranks' arrays, mpirun does not, which tells with long messages.`;

/** Sides of a measurement that did not run, and why. */
export function absences(results: Result[]): string[] {
  return results.flatMap(({ title, missing }) => missing.map(({ name, absent, failed }) => `${title}: ${name} ${absent === undefined ? `FAILED: ${failed}` : `is absent: ${absent}`}`));
}

/** A number of rounds, for people. */
export const roundsName = (count: number): string => (count === 1 ? 'one round' : `${count} rounds`);

/** The passes that the figures of a result are of. */
export function countedName({ series, leftOut: [out, all] }: Result): string {
  const counts = series.flatMap((one) => pointsOf(one).map(({ count }) => count));
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const passes = most === 1 ? 'one pass' : least === most ? `${most} passes` : `${least} to ${most} passes`;
  return out === 0 ? passes : `${passes} (without ${out} of ${all} in which the cores moved)`;
}

/** How many times zivm is ahead of TCP between machines, in words. */
export function guestWords(results: Result[]): string[] {
  return results
    .filter(({ name }) => name.startsWith('guests-'))
    .flatMap((result) => {
      const points = aheadOf(result, result.series.map(({ name }) => name).filter((name) => name !== OWN));
      if (points.length === 0) return [];
      const factors = points.map(({ ahead }) => ahead);
      return [`${result.title}: zivm is ${number(Math.min(...factors))} to ${number(Math.max(...factors))} times ahead of TCP over virtio-net`];
    });
}

/** What the paper measured: tool, then Mbps of ZIVM, virtio and XenLoop; below it the same of this run, if there were machines. */
export function paperRows(results: Result[]): string[][] {
  const rows = PAPER.map(({ tool, zivm, virtio, xenloop }) => [`${tool}, in the paper`, `${zivm}`, `${virtio}`, `${xenloop}`]);
  const measured = results.find(({ name }) => name === 'guests-bandwidth');
  if (measured === undefined) return rows;
  const medians = measured.series.map((series) => ({ name: series.name, points: new Map(pointsOf(series).map(({ x, median }) => [x, median])) }));
  const own = medians.find(({ name }) => name === OWN)!.points;
  for (const { name, points } of medians) {
    const largest = Math.max(...[...points.keys()].filter((x) => name !== OWN && own.has(x)));
    if (!Number.isFinite(largest)) continue;
    rows.push([`${pointName(measured, largest)} messages, here; virtio is ${name}`, number(own.get(largest)! * 8), number(points.get(largest)! * 8), '']);
  }
  return rows;
}

/** What the paper's table and figures are, and what of this report is beside them. */
export function paperWords(results: Result[]): string {
  const paper = 'Mbps between two virtual machines, as the ZIVM paper reports them (its Table 2), on the machines of its time';
  if (paperRows(results).length === PAPER.length) return `${paper}. No bandwidth between machines was measured here.`;
  return `${paper}, and as measured here. The bandwidth and the latency between two virtual machines against the message size, above, are its Figures 3 and 4.`;
}

const row = (cells: string[]): string => `| ${cells.join(' | ')} |`;

export function markdown(results: Result[], about: About): string {
  const lines = ['# zivm beside its rivals', '', `${about.machine}. ${about.versions}. ${about.options}. ${about.guests}. ${about.date}. ${about.load}.`, ''];
  lines.push(`How far zivm is ahead of the better of MPICH and Open MPI in C: above 1 it is ahead, below 1 it is behind. ${RATIO_WORDS}`, '');
  for (const table of ratioTables(results)) {
    const { x, columns, rows } = table;
    lines.push(row([tableTitle(table), ...rows.map(({ title }) => title)]), row(Array.from({ length: rows.length + 1 }, () => '---')));
    for (const column of columns) lines.push(row([pointName({ x }, column), ...rows.map(({ cells }) => (cells.has(column) ? aheadName(cells.get(column)!) : ''))]));
    lines.push('');
  }
  for (const sentence of guestWords(results)) lines.push(`${sentence}.`, '');
  for (const absence of absences(results)) lines.push(`- ${absence}`);
  for (const result of results) {
    const series = result.series.map((one) => ({ name: seriesName(one), points: new Map(pointsOf(one).map((point) => [point.x, point])) }));
    if (series.length === 0) continue;
    const xs = [...new Set(series.flatMap(({ points }) => [...points.keys()]))].sort((a, b) => a - b);
    lines.push('', `## ${result.title}, ${result.unit}`, '', `Medians; in brackets the quartiles, of ${countedName(result)}.`, '');
    lines.push(row([result.x === 'bytes' ? 'message' : 'ranks', ...series.map(({ name }) => name)]), row(Array.from({ length: series.length + 1 }, () => '---')));
    for (const x of xs) {
      const cells = series.map(({ points }) => {
        const point = points.get(x);
        return point === undefined ? '' : `${number(point.median)} (${number(point.lower)} to ${number(point.upper)})`;
      });
      lines.push(row([pointName(result, x), ...cells]));
    }
  }
  lines.push('', '## Beside the paper', '', paperWords(results), '');
  lines.push(row(['', 'ZIVM', 'virtio', 'XenLoop']), row(['---', '---', '---', '---']));
  for (const cells of paperRows(results)) lines.push(row(cells));
  return `${lines.join('\n')}\n`;
}
