import type { Ahead, Result } from './measurement';
import { type About, absences, aheadName, countedName, guestWords, isOfFew, paperRows, paperWords, pointName, RATIO_WORDS, ratioTables, tableTitle } from './words';

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1b1b; --quiet: #6b6b6b; --line: #8885; --ahead: 0, 114, 178; --behind: 213, 94, 0; }
@media (prefers-color-scheme: dark) { :root { --ink: #eee; --quiet: #a0a0a0; } body { background: #15171a; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); max-width: 84rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 2rem; margin: 0 0 .3rem; letter-spacing: -.02em; } h2 { margin: 3rem 0 .5rem; font-size: 1.25rem; }
p, li { max-width: 46rem; } .quiet { color: var(--quiet); } .wide { overflow-x: auto; }
table { margin: 1.2rem 0; border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .8rem; }
th, td { padding: .3rem .3rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th:first-child { text-align: left; font-weight: 500; } thead th { color: var(--quiet); font-weight: 500; }
figure { margin: 0; } figcaption { font-weight: 600; margin-bottom: .4rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 2.5rem 2rem; margin-top: 1.5rem; }
.plots svg { max-width: 100%; height: auto; }
`;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The deeper the colour, the further ahead or behind: full at twice or half. */
function shade(cell: Ahead): string {
  if (isOfFew(cell)) return '';
  const depth = Math.min(1, Math.abs(Math.log2(cell.ahead))) * 0.55;
  return `background: rgba(var(${cell.ahead >= 1 ? '--ahead' : '--behind'}), ${depth.toFixed(2)})`;
}

function table(head: string[], rows: string[][]): string {
  const cells = (tag: string, row: string[]): string => row.map((cell, index) => (index === 0 ? `<th scope="row">${cell}</th>` : cell.startsWith('<td') ? cell : `<${tag}>${cell}</${tag}>`)).join('');
  return `<div class="wide"><table><thead><tr>${cells('th', head)}</tr></thead><tbody>${rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('\n')}</tbody></table></div>`;
}

function ratios(results: Result[]): string {
  return ratioTables(results)
    .map((one) =>
      table(
        [tableTitle(one), ...one.columns.map((column) => pointName(one, column))],
        one.rows.map(({ title, cells }) => [
          escaped(title),
          ...one.columns.map((column) => {
            const cell = cells.get(column);
            return cell === undefined ? '<td></td>' : `<td style="${shade(cell)}" title="${escaped(cell.rival)} is the better one">${aheadName(cell)}</td>`;
          }),
        ]),
      ),
    )
    .join('\n');
}

/** The report as one page, which needs nothing else. @param plots SVG by name of the measurement */
export function page(results: Result[], about: About, plots: Map<string, string>): string {
  const figures = results.flatMap((result) => {
    const { name, title, unit } = result;
    const svg = plots.get(name);
    if (svg === undefined) return [];
    return [`<figure id="${name}"><figcaption>${escaped(title)} <span class="quiet">${escaped(unit)}, median and quartiles of ${countedName(result)}</span></figcaption>${svg}</figure>`];
  });
  const sentences = [...guestWords(results).map((sentence) => `${sentence}.`)];
  const missing = absences(results);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>zivm beside its rivals</title><style>${STYLE}</style></head>
<body>
<h1>zivm beside its rivals</h1>
<p class="quiet">${escaped(about.machine)}. ${escaped(about.versions)}. ${escaped(about.options)}. ${escaped(about.guests)}. ${escaped(about.date)}. ${escaped(about.load)}.</p>
<h2>Ahead or behind</h2>
<p>zivm in TypeScript against the better of MPICH and Open MPI in C, running the same loops in turn. Above 1 zivm is ahead (blue), below 1 it is behind (orange).</p>
<p class="quiet">${RATIO_WORDS}</p>
${ratios(results)}
${sentences.map((sentence) => `<p>${escaped(sentence)}</p>`).join('\n')}
<h2>All measurements</h2>
<div class="plots">
${figures.join('\n')}
</div>
${missing.length === 0 ? '' : `<h2>Absent or failed</h2>\n<ul>${missing.map((absence) => `<li>${escaped(absence)}</li>`).join('\n')}</ul>`}
<h2>Beside the paper</h2>
<p>${paperWords(results)}</p>
${table(['', 'ZIVM', 'virtio', 'XenLoop'], paperRows(results))}
</body></html>
`;
}
