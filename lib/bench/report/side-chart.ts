/** One metric of several sides: bars from zero, or dots where a logarithmic axis is needed, with intervals and runs. */
import { estimateOf, type Estimate } from '../compare/estimate.js';
import { displayUnit, formatRange, formatValue, type DisplayUnit } from '../display-unit.js';
import {
  chartWidth,
  figure,
  horizontalAxis,
  inUnit,
  label,
  line,
  place,
  shortened,
  type ChartText,
} from './chart-frame.js';
import { html, type Markup } from '../../markup.js';
import { linearScale, logScale, needsLog, type Scale } from './scale.js';

export interface ChartSide {
  readonly name: string;
  readonly isOwn: boolean;
  readonly values: readonly number[];
  readonly cutOff: boolean;
}

export interface SideChart extends ChartText {
  readonly unit: string;
  readonly sides: readonly ChartSide[];
}

interface Row extends ChartSide {
  readonly estimate: Estimate;
}

const rowHeight = 38;
const barTop = 17;
const barHeight = 12;
const inset = 4;

function textOf({ estimate, cutOff }: Row, unit: string): string {
  return `${cutOff ? 'over ' : ''}${formatValue(estimate.value, unit)}`;
}

function tipOf(row: Row, unit: string): string {
  const { interval, runs } = row.estimate;
  const range = interval === undefined ? '' : `, 95 % interval ${formatRange(interval.low, interval.high, unit)}`;
  return `${row.name}: ${textOf(row, unit)}${range}; ${String(runs)} ${runs === 1 ? 'run' : 'runs'}`;
}

function whisker({ estimate }: Row, scale: Scale, middle: number, { divisor }: DisplayUnit): Markup | undefined {
  if (estimate.interval === undefined) return undefined;
  const low = scale.at(estimate.interval.low / divisor);
  const high = scale.at(estimate.interval.high / divisor);
  const ends = [low, high].map((x) => line(x, middle - 4, x, middle + 4, 'whisker'));
  return html`${line(low, middle, high, middle, 'whisker')}${ends}`;
}

function drawRow(row: Row, top: number, scale: Scale, unit: string, shown: DisplayUnit): Markup {
  const side = row.isOwn ? 'own' : 'peer';
  const [middle, end] = [top + barTop + barHeight / 2, scale.at(row.estimate.value / shown.divisor)];
  const start = scale.at(scale.low);
  const mark =
    scale.kind === 'linear'
      ? html`<rect
          x="${place(start)}"
          y="${place(top + barTop)}"
          width="${place(Math.max(0.5, end - start))}"
          height="${barHeight}"
          rx="2"
          class="${`${side}-bar`}"
        />`
      : html`${line(start, middle, end, middle, 'grid')}<circle
            cx="${place(end)}"
            cy="${place(middle)}"
            r="5.5"
            class="${`${side}-dot`}"
          />`;
  // An interval that is narrower than the dot needs no telling.
  const interval = whisker(row, scale, middle, shown);
  const marks = scale.kind === 'linear' ? [mark, interval] : [interval, mark];
  // With many runs the interval says it all; on a logarithmic axis they would hide the dot.
  const runs = scale.kind === 'linear' && row.values.length > 1 && row.values.length <= 20 ? row.values : [];
  const dots = runs.map(
    (value) =>
      html`<circle cx="${place(scale.at(value / shown.divisor))}" cy="${place(middle)}" r="2.2" class="run" />`,
  );
  return html`<g
    ><title>${tipOf(row, unit)}</title
    >${label(inset, top + 12, shortened(row.name, 34), { style: row.isOwn ? 'strong' : '' })}${label(chartWidth - inset, top + 12, textOf(row, unit), { anchor: 'end', style: row.isOwn ? 'strong' : '' })}${marks}${dots}</g
  >`;
}

/** Undefined where no side has a value but 0. */
export function sideChart({ unit, sides, ...text }: SideChart): Markup | undefined {
  const rows = sides.flatMap((side): Row[] => {
    const estimate = estimateOf(side.values);
    return estimate === undefined ? [] : [{ ...side, estimate }];
  });
  const all = rows.flatMap(({ estimate: { value, interval }, values }) => {
    return [value, ...values, ...(interval === undefined ? [] : [interval.low, interval.high])];
  });
  if (all.every((value) => value === 0)) return undefined;
  const shown = displayUnit(Math.max(...all.map(Math.abs)), unit);
  const values = inUnit(all, shown);
  const [left, right] = [inset, chartWidth - 12];
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const scale = needsLog(rows.map(({ estimate }) => estimate.value))
    ? logScale(least > 0 ? least / 1.3 : Number.MIN_VALUE, most * 1.1, left, right)
    : linearScale(Math.min(0, least), Math.max(0, most), left, right);
  const bottom = rows.length * rowHeight + 2;
  const drawn = rows.map((row, index) => drawRow(row, index * rowHeight, scale, unit, shown));
  const axis = horizontalAxis({ scale, top: barTop, bottom, unit: shown.label });
  return figure(text, bottom + 32, html`${axis}${drawn}`);
}
