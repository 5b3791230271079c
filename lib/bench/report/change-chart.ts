/** How every line moved against the baseline: a dot and an interval each, on one axis of percent. */
import type { ComparedLine, LineVerdict } from '../compare/compare-results.js';
import { formatChange } from '../display-unit.js';
import { chartWidth, figure, horizontalAxis, label, line, place, shortened, type ChartText } from './chart-frame.js';
import { html, type Markup } from '../../markup.js';
import { linearScale, type Scale } from './scale.js';

const rowHeight = 30;
const inset = 8;
/** Beyond this an arrow says that it goes on: one wild line must not make the others points. */
const mostShown = 1;

const marks: Readonly<Record<LineVerdict, string>> = {
  regression: 'bad-mark',
  improvement: 'good-mark',
  'no change': 'still-mark',
  unclear: 'still-mark',
  neutral: 'still-mark',
};

/** A shape for each meaning, so that it does not hang on the colour. */
function markAt(verdict: LineVerdict, x: number, y: number): Markup {
  const style = marks[verdict];
  if (verdict === 'regression' || verdict === 'improvement') {
    return html`<path d="${`M${place(x)} ${place(y - 5.5)}l5.5 5.5-5.5 5.5-5.5-5.5z`}" class="${style}" />`;
  }
  return html`<circle cx="${place(x)}" cy="${place(y)}" r="4" class="${style}" />`;
}

export interface NamedLine extends ComparedLine {
  readonly name: string;
}

function drawRow(row: NamedLine, top: number, scale: Scale): Markup {
  const { change = 0, interval, verdict, name } = row;
  const middle = top + 21;
  const parts: Markup[] = [];
  if (interval !== undefined) {
    const [low, high] = [scale.at(interval.low), scale.at(interval.high)];
    parts.push(line(low, middle, high, middle, 'whisker'));
    const arrow = (x: number, to: number): Markup =>
      html`<path d="${`M${place(x - to)} ${place(middle - 4)}l${String(to)} 4 ${String(-to)} 4`}" class="whisker" />`;
    if (interval.low < scale.low) parts.push(arrow(low, -5));
    if (interval.high > scale.high) parts.push(arrow(high, 5));
  }
  const text = row.change === undefined ? 'was 0' : formatChange(change);
  const strong = verdict === 'regression' || verdict === 'improvement' ? 'strong' : '';
  return html`<g
    ><title>${`${name}: ${text}, ${verdict}`}</title
    >${label(inset, top + 11, shortened(name, 36), { style: strong })}${label(chartWidth - inset, top + 11, text, { anchor: 'end', style: strong })}${parts}${markAt(verdict, scale.at(change), middle)}</g
  >`;
}

/** One axis for all charts of a page: where it ends on both sides. */
export function axisReach(lines: readonly ComparedLine[], effect: number): number {
  const sizes = lines.flatMap(({ change = 0, interval }) => [change, interval?.low ?? 0, interval?.high ?? 0]);
  return Math.min(mostShown, Math.max(2 * effect, ...sizes.map(Math.abs)) * 1.05);
}

export function changeChart(lines: readonly NamedLine[], reach: number, effect: number, text: ChartText): Markup {
  const scale = linearScale(-reach, reach, inset, chartWidth - inset, 4);
  const bottom = lines.length * rowHeight + 4;
  const [from, to] = [scale.at(-effect / (1 + effect)), scale.at(effect)];
  const band = html`<rect
    x="${place(from)}"
    y="0"
    width="${place(to - from)}"
    height="${place(bottom)}"
    class="band"
  />`;
  const zero = line(scale.at(0), 0, scale.at(0), bottom, 'axis');
  const axis = horizontalAxis({
    scale,
    top: 0,
    bottom,
    unit: 'change of what was measured',
    textOf: (tick) => (Math.abs(tick) < 1e-9 ? '0' : formatChange(tick).replace('.0', '')),
  });
  const rows = lines.map((row, index) => drawRow(row, index * rowHeight, scale));
  return figure(text, bottom + 32, html`${band}${axis}${zero}${rows}`);
}
