import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { OWN, pointsOf, type Result } from './measurement';
import { apartName } from './words';

/** Okabe and Ito's colours, which those who do not see all colours tell apart too; zivm's is the first. */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#999999', '#000000'];
/** Solid where the cores are nearest, and where their distance says nothing. */
const STROKES = [[1, 0], [6, 4], [2, 2]];
const NO_DISTANCE = '';
const WIDTH = 560;
const HEIGHT = 320;

const bytesLabel = "datum.value >= 1048576 ? datum.value / 1048576 + ' Mi' : datum.value >= 1024 ? datum.value / 1024 + ' Ki' : datum.value";

/** A plot of a result: medians as lines, with half of the passes as bands; a stroke of its own for each distance of the cores. @returns SVG */
export async function plot(result: Result): Promise<string> {
  const values = result.series.flatMap((one) => pointsOf(one).filter(({ lower }) => lower > 0).map((point) => ({ ...point, side: one.name, apart: one.flagNs === undefined ? NO_DISTANCE : apartName(one.flagNs) })));
  const names = [OWN, ...new Set(result.series.map(({ name }) => name).filter((name) => name !== OWN))];
  const distances = [...new Set(result.series.flatMap(({ flagNs }) => flagNs ?? []))].sort((a, b) => a - b).map(apartName);
  const isLinear = result.unit === '%' || result.unit === 'MB' || result.unit === 'ms';
  const x = {
    field: 'x',
    type: 'quantitative',
    scale: { type: 'log', base: 2 },
    title: result.x === 'bytes' ? 'message, bytes' : 'ranks',
    axis: result.x === 'bytes' ? { labelExpr: bytesLabel, grid: false } : { values: [...new Set(values.map((value) => value.x))], grid: false },
  };
  const colour = { field: 'side', type: 'nominal', title: null, scale: { domain: names, range: COLOURS }, legend: { orient: 'bottom', columns: 3, labelLimit: 0 } };
  const strokes = { domain: [NO_DISTANCE, ...distances], range: [STROKES[0], ...STROKES] };
  const stroke = { field: 'apart', type: 'nominal', title: null, scale: strokes, legend: distances.length < 2 ? null : { orient: 'top', symbolType: 'stroke', symbolSize: 400, values: distances } };
  const scale = isLinear ? { zero: true } : { type: 'log' };
  const y = { type: 'quantitative', scale, axis: { format: '~s' } };
  const spec = {
    $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
    width: WIDTH,
    height: HEIGHT,
    background: null,
    data: { values },
    config: { font: 'system-ui, sans-serif', axis: { labelColor: '#767676', titleColor: '#767676', gridColor: '#8884' }, legend: { labelColor: '#767676', symbolBaseStrokeColor: '#767676', symbolOpacity: 1 }, view: { stroke: null } },
    layer: [
      { mark: { type: 'area', opacity: 0.18 }, encoding: { x, y: { ...y, field: 'lower', title: result.unit }, y2: { field: 'upper' }, color: colour, detail: { field: 'apart' } } },
      { mark: { type: 'line' }, encoding: { x, y: { ...y, field: 'median', title: result.unit }, color: colour, strokeDash: stroke } },
      { mark: { type: 'circle', size: 22, opacity: 1 }, encoding: { x, y: { ...y, field: 'median', title: result.unit }, color: colour } },
    ],
  } as unknown as TopLevelSpec;
  return new vega.View(vega.parse(compile(spec).spec), { renderer: 'none' }).toSVG();
}
