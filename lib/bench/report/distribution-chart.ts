/** Raw samples: a histogram of one side, and the percentile curves of all sides in one picture. */
import type { SampleSummary } from '../bench-result.js';
import { displayUnit, formatValue } from '../display-unit.js';
import { quantileIn } from '../sample-summary.js';
import {
  chartWidth,
  figure,
  gutterFor,
  horizontalAxis,
  label,
  line,
  path,
  place,
  shortened,
  verticalAxis,
  type ChartText,
} from './chart-frame.js';
import { html, type Markup } from '../../markup.js';
import { linearScale, logScale, needsLog, type Scale } from './scale.js';

const plotTop = 34;
const plotBottom = 132;
const marked = [
  { share: 0.5, text: 'p50' },
  { share: 0.95, text: 'p95' },
  { share: 0.99, text: 'p99' },
] as const;

export interface HistogramChart extends ChartText {
  readonly samples: SampleSummary;
  readonly unit: string;
  readonly isOwn: boolean;
}

/** Labels of percentiles, each where it does not cover the one before it, on up to three lines. */
function percentileMarks(samples: SampleSummary, unit: string, scale: Scale, divisor: number): Markup[] {
  const ends = [0, 0, 0];
  return marked.flatMap(({ share, text }) => {
    const value = quantileIn(samples, share);
    if (value === undefined) return [];
    const x = scale.at(value / divisor);
    const words = `${text} ${formatValue(value, unit)}`;
    const half = (words.length * 6.4) / 2;
    const at = Math.min(chartWidth - half - 2, Math.max(half + 2, x));
    const row = Math.max(
      0,
      ends.findIndex((end) => at - half > end),
    );
    ends[row] = at + half + 4;
    const y = 10 + row * 11;
    return [line(x, y + 3, x, plotBottom, 'mark'), label(at, y, words, { anchor: 'middle' })];
  });
}

export function histogramChart({ samples, unit, isOwn, ...text }: HistogramChart): Markup {
  const { edges, counts, scale: kind } = samples.histogram;
  const shown = displayUnit(quantileIn(samples, 0.5) ?? samples.mean, unit);
  const [low = 0, high = 1] = [edges[0], edges.at(-1)].map((edge) => (edge ?? 0) / shown.divisor);
  const [left, right] = [4, chartWidth - 8];
  const scale = kind === 'log' ? logScale(low, high, left, right) : linearScale(low, high, left, right);
  const most = Math.max(...counts);
  const bins = counts.map((amount, bin) => {
    if (amount === 0) return undefined;
    const [from = 0, to = 0] = [edges[bin], edges[bin + 1]];
    const [x, end] = [scale.at(from / shown.divisor), scale.at(to / shown.divisor)];
    const height = Math.max(1, (amount / most) * (plotBottom - plotTop - 8));
    const tip = `${formatValue(from, unit)} to ${formatValue(to, unit)}: ${String(amount)}`;
    return html`<rect
      x="${place(x)}"
      y="${place(plotBottom - height)}"
      width="${place(Math.max(0.8, end - x - 0.6))}"
      height="${place(height)}"
      class="${isOwn ? 'bin' : 'peer-bin'}"
      ><title>${tip}</title></rect
    >`;
  });
  const axis = horizontalAxis({ scale, top: plotTop, bottom: plotBottom, unit: shown.label });
  const marks = percentileMarks(samples, unit, scale, shown.divisor);
  return figure(text, plotBottom + 32, html`${axis}${bins}${marks}`);
}

export interface PercentileCurve {
  readonly name: string;
  readonly samples: SampleSummary;
  /** A class of the style sheet. */
  readonly style: string;
}

export interface PercentileChart extends ChartText {
  readonly unit: string;
  readonly curves: readonly PercentileCurve[];
}

/** The tail gets as much room as the bulk: the axis is the logarithm of what a percentile leaves out. */
function tailPlace(share: number, most: number): number {
  return Math.log10(1 / (1 - Math.min(share, most)));
}

function percentText(share: number): string {
  return share === 0 ? '0' : `p${String(Number((share * 100).toPrecision(5)))}`;
}

/** The last percentile that the samples can tell: of 100 samples no p99.9. */
function lastShare(curves: readonly PercentileCurve[]): number {
  const most = Math.max(...curves.map(({ samples }) => samples.count));
  return [0.9999, 0.999, 0.99, 0.9].find((share) => most * (1 - share) >= 0.999) ?? 0.9;
}

export function percentileChart({ unit, curves, ...text }: PercentileChart): Markup {
  const most = lastShare(curves);
  const kept = curves.map(({ samples, ...curve }) => ({
    ...curve,
    points: samples.quantiles.filter(({ share }) => share <= most + 1e-12),
  }));
  const all = kept.flatMap(({ points }) => points.map(({ value }) => value));
  const shown = displayUnit(Math.max(...all.map(Math.abs)), unit);
  const values = all.map((value) => value / shown.divisor);
  const [top, bottom, right] = [20, 142, chartWidth - 8];
  const isLog = needsLog(values);
  const vertical = isLog
    ? logScale(Math.min(...values), Math.max(...values), bottom, top)
    : linearScale(Math.min(0, ...values), Math.max(...values), bottom, top);
  const left = gutterFor(vertical);
  const across = linearScale(0, tailPlace(most, most), left, right);
  const ticks = [0, 0.5, 0.9, 0.99, 0.999, 0.9999].filter((share) => share <= most + 1e-12);
  const marks = ticks.map((share) => {
    const x = across.at(tailPlace(share, most));
    const anchor = share === 0 ? 'start' : share === ticks.at(-1) ? 'end' : 'middle';
    return html`${line(x, top, x, bottom, 'grid')}${label(x, bottom + 13, percentText(share), { anchor, style: 'soft' })}`;
  });
  const lines = kept.map(({ points, style, name }) =>
    path(
      points.map(({ share, value }) => [across.at(tailPlace(share, most)), vertical.at(value / shown.divisor)]),
      `line ${style}`,
      `${name}: ${points
        .map(({ share, value }) => `${percentText(share)} ${formatValue(value, unit)}`)
        .filter((_, at) => at % 6 === 5)
        .join(', ')}`,
    ),
  );
  const legend = legendOf(kept, bottom + 32);
  const axis = html`${verticalAxis(vertical, left, right, shown.label)}${marks}${line(left, bottom, right, bottom, 'axis')}`;
  return figure(text, bottom + 24 + (kept.length > 1 ? kept.length * 14 : 0), html`${axis}${lines}${legend}`);
}

/** One line needs no legend. Names as long as they may be do not fit at the ends of lines. */
function legendOf(curves: readonly { readonly name: string; readonly style: string }[], top: number): Markup[] {
  if (curves.length < 2) return [];
  return curves.map(
    ({ name, style }, index) =>
      html`${path(
        [
          [4, top + index * 14 - 4],
          [34, top + index * 14 - 4],
        ],
        `line ${style}`,
      )}${label(40, top + index * 14, shortened(name, 48))}`,
  );
}
