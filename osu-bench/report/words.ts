import { aheadOf, OWN, pointsOf, type Result } from './measurement';

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

/** The first table: at each point, how far ahead zivm is of the better MPI; above 1 is ahead. */
export function ratioTable(results: Result[]): { x: Result['x']; columns: number[]; rows: { title: string; cells: Map<number, { ahead: number; rival: string }> }[] }[] {
  return (['bytes', 'ranks'] as const).flatMap((x) => {
    const rows = results
      .filter((result) => result.x === x)
      .map((result) => ({ title: result.title, cells: new Map(aheadOf(result).map(({ x, ahead, rival }) => [x, { ahead, rival }])) }))
      .filter(({ cells }) => cells.size > 0);
    const columns = [...new Set(rows.flatMap(({ cells }) => [...cells.keys()]))].sort((a, b) => a - b);
    return rows.length === 0 ? [] : [{ x, columns, rows }];
  });
}

/** Sides of a measurement that did not run, and why. */
export function absences(results: Result[]): string[] {
  return results.flatMap(({ title, sides }) =>
    sides.flatMap(({ name, absent, failed }) => [
      ...(absent === undefined ? [] : [`${title}: ${name} is absent: ${absent}`]),
      ...(failed === undefined ? [] : [`${title}: ${name} FAILED: ${failed}`]),
    ]),
  );
}

/** A number of rounds, for people. */
export const roundsName = (count: number): string => (count === 1 ? 'one round' : `${count} rounds`);

/** The rounds that the figures of a result are of. */
export function countedName({ sides, leftOut: [out, all] }: Result): string {
  const counts = sides.flatMap(({ rounds }) => pointsOf(rounds).map(({ count }) => count));
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const counted = least === most ? roundsName(most) : `${least} to ${most} rounds`;
  return out === 0 ? counted : `${counted} (without ${out} of ${all} measurements in which the cores were not as near each other)`;
}

/** How many times zivm is ahead of TCP between machines, in words. */
export function guestWords(results: Result[]): string[] {
  return results
    .filter(({ name }) => name.startsWith('guests-'))
    .flatMap((result) => {
      const points = aheadOf(result, result.sides.map(({ name }) => name).filter((name) => name !== OWN));
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
  const medians = measured.sides.map(({ name, rounds }) => ({ name, points: new Map(pointsOf(rounds).map(({ x, median }) => [x, median])) }));
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
  lines.push('How far zivm is ahead of the better of MPICH and Open MPI in C: above 1 it is ahead, below 1 it is behind. Medians of the rounds; with two ranks, of what was measured while the cores were equally near each other for zivm and both rivals, or of all where they never were.', '');
  for (const { x, columns, rows } of ratioTable(results)) {
    lines.push(row([x === 'bytes' ? 'message' : 'ranks', ...rows.map(({ title }) => title)]), row(Array.from({ length: rows.length + 1 }, () => '---')));
    for (const column of columns) lines.push(row([pointName({ x }, column), ...rows.map(({ cells }) => cells.get(column)?.ahead.toFixed(2) ?? '')]));
    lines.push('');
  }
  for (const sentence of guestWords(results)) lines.push(`${sentence}.`, '');
  for (const absence of absences(results)) lines.push(`- ${absence}`);
  for (const result of results) {
    const sides = result.sides.filter(({ rounds }) => rounds.length > 0).map(({ name, rounds }) => ({ name, points: new Map(pointsOf(rounds).map((point) => [point.x, point])) }));
    if (sides.length === 0) continue;
    const xs = [...new Set(sides.flatMap(({ points }) => [...points.keys()]))].sort((a, b) => a - b);
    lines.push('', `## ${result.title}, ${result.unit}`, '', `Medians; in brackets the smallest and the largest of ${countedName(result)}.`, '');
    lines.push(row([result.x === 'bytes' ? 'message' : 'ranks', ...sides.map(({ name }) => name)]), row(Array.from({ length: sides.length + 1 }, () => '---')));
    for (const x of xs) {
      const cells = sides.map(({ points }) => {
        const point = points.get(x);
        return point === undefined ? '' : `${number(point.median)} (${number(point.min)} to ${number(point.max)})`;
      });
      lines.push(row([pointName(result, x), ...cells]));
    }
  }
  lines.push('', '## Beside the paper', '', paperWords(results), '');
  lines.push(row(['', 'ZIVM', 'virtio', 'XenLoop']), row(['---', '---', '---', '---']));
  for (const cells of paperRows(results)) lines.push(row(cells));
  return `${lines.join('\n')}\n`;
}
