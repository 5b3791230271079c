/** One run over time, with the straight line that a slope was judged by. */
import type { MeasuredSeries } from '../bench-result.js';
import { displayUnit, formatRange, formatValue } from '../display-unit.js';
import {
  chartWidth,
  figure,
  gutterFor,
  horizontalAxis,
  line,
  path,
  place,
  verticalAxis,
  type ChartText,
} from './chart-frame.js';
import { html, type Markup } from '../../markup.js';
import { linearScale, type Scale } from './scale.js';

const [top, bottom] = [22, 132];

export interface TimelineChart extends ChartText {
  readonly series: MeasuredSeries;
  readonly unit: string;
  readonly isOwn: boolean;
}

type Slope = NonNullable<MeasuredSeries['slope']>;

/** `+3.1 MiB/h (−0.4 to 6.6 MiB/h): no leak` */
export function slopeText(slope: Slope, unit: string): string {
  const rate = `${unit}/h`;
  const sign = slope.perHour >= 0 ? '+' : '';
  return `${sign}${formatValue(slope.perHour, rate)} (${formatRange(slope.low, slope.high, rate)}): ${slope.verdict}`;
}

/**
 * From zero where the values fill at least half of the axis so; else around them, but never so close that what is a
 * hundredth of the value looks like a mountain.
 */
function verticalFor(values: readonly number[]): Scale {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (least >= 0 && least < most / 2) return linearScale(0, most, bottom, top, 3);
  const room = Math.max(most - least, 0.04 * Math.abs(most), 1e-9) * 1.15;
  const middle = (least + most) / 2;
  return linearScale(middle - room / 2, middle + room / 2, bottom, top, 3);
}

/** The fitted line goes through the middle of the points it was fitted to. */
function fitOf(slope: Slope, points: MeasuredSeries['points']): readonly (readonly [number, number])[] {
  const fitted = points.filter(([at]) => at >= slope.fromMs && at <= slope.toMs);
  if (fitted.length === 0) return [];
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [at, value] = [mean(fitted.map(([x]) => x)), mean(fitted.map(([, y]) => y))];
  const valueAt = (x: number): number => value + ((x - at) * slope.perHour) / 3_600_000;
  return [slope.fromMs, slope.toMs].map((x) => [x, valueAt(x)] as const);
}

export function timelineChart({ series, unit, isOwn, ...text }: TimelineChart): Markup {
  const { points, slope } = series;
  const fit = slope === undefined ? [] : fitOf(slope, points);
  const shown = displayUnit(Math.max(...points.map(([, value]) => Math.abs(value))), unit);
  const vertical = verticalFor([...points, ...fit].map(([, value]) => value / shown.divisor));
  const left = gutterFor(vertical);
  const right = chartWidth - 8;
  const [start, end] = [points[0]?.[0] ?? 0, points.at(-1)?.[0] ?? 0];
  const time = displayUnit(end, 'ms');
  const across = linearScale(start / time.divisor, Math.max(end, start + 1) / time.divisor, left, right, 5);
  const put = ([at, value]: readonly [number, number]): readonly [number, number] => [
    across.at(at / time.divisor),
    vertical.at(value / shown.divisor),
  ];
  const axes = html`${verticalAxis(vertical, left, right, shown.label)}${horizontalAxis({ scale: across, top, bottom, unit: `${time.label} since the start` })}`;
  const warmUp =
    slope === undefined || slope.fromMs <= start
      ? undefined
      : html`<rect
          x="${place(left)}"
          y="${top}"
          width="${place(across.at(slope.fromMs / time.divisor) - left)}"
          height="${bottom - top}"
          class="warm"
          ><title>warm-up, not part of the line</title></rect
        >`;
  const [only] = points;
  const trace =
    points.length === 1 && only !== undefined
      ? html`<circle cx="${place(put(only)[0])}" cy="${place(put(only)[1])}" r="3" class="own-dot" />`
      : path(points.map(put), isOwn ? 'trace' : 'peer-trace');
  const [a, b] = fit.map(put);
  const fitted = a === undefined || b === undefined ? undefined : line(a[0], a[1], b[0], b[1], 'fit');
  return figure(text, bottom + 32, html`${warmUp}${axes}${trace}${fitted}`);
}
