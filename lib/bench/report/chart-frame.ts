/**
 * What all charts share. They are drawn at the width of a phone, one unit a pixel there, and a grid puts several of them
 * side by side where there is room, so that their text is readable everywhere.
 */
import { formatTick, type DisplayUnit } from '../display-unit.js';
import { html, type Markup, type MarkupValue } from '../../markup.js';
import type { Scale } from './scale.js';

export const chartWidth = 324;
/** About the width of a digit in the charts' type. */
const characterWidth = 6.1;

/** SVG has no use for more. */
export function place(value: number): string {
  return Number(value.toFixed(1)).toString();
}

export interface ChartText {
  /** Who hears the page instead of seeing it gets both. */
  readonly title: string;
  readonly description: string;
  readonly caption: MarkupValue;
}

export function figure({ title, description, caption }: ChartText, height: number, content: MarkupValue): Markup {
  return html`<figure>
    <figcaption>${caption}</figcaption>
    <svg
      xmlns="http://www.w3.org/2000/svg"
      role="img"
      aria-label="${`${title}. ${description}`}"
      viewBox="${`0 0 ${String(chartWidth)} ${place(height)}`}"
    >
      <title>${title}</title>
      <desc>${description}</desc>
      ${content}
    </svg>
  </figure>`;
}

const graphemes = new Intl.Segmenter('en');

/** A chart shows many short names; a long one is whole in its tooltip and in the table. */
export function shortened(name: string, limit: number): string {
  const characters = [...graphemes.segment(name)];
  if (characters.length <= limit) return name;
  return `${characters
    .slice(0, limit - 1)
    .map(({ segment }) => segment)
    .join('')}…`;
}

export interface TextOptions {
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly style?: string;
}

export function label(x: number, y: number, text: string, { anchor = 'start', style = '' }: TextOptions = {}): Markup {
  return html`<text x="${place(x)}" y="${place(y)}" text-anchor="${anchor}" class="${style}">${text}</text>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, style: string): Markup {
  return html`<line x1="${place(x1)}" y1="${place(y1)}" x2="${place(x2)}" y2="${place(y2)}" class="${style}" />`;
}

export function path(points: readonly (readonly [number, number])[], style: string, tip?: string): Markup {
  const steps = points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${place(x)} ${place(y)}`).join('');
  return html`<path d="${steps}" class="${style}"
    >${tip === undefined ? undefined : html`<title>${tip}</title>`}</path
  >`;
}

/** Left out where it would run into its neighbour. */
function thinTicks(scale: Scale, textOf: (tick: number) => string): readonly number[] {
  let free = -Infinity;
  return scale.ticks.filter((tick) => {
    const half = (textOf(tick).length * characterWidth) / 2;
    if (scale.at(tick) - half < free) return false;
    free = scale.at(tick) + half + 6;
    return true;
  });
}

export interface HorizontalAxis {
  readonly scale: Scale;
  /** Where the grid begins and where the axis lies. */
  readonly top: number;
  readonly bottom: number;
  readonly unit: string;
  readonly textOf?: (tick: number) => string;
}

/** Ticks below, then what they mean; takes 30 units of height below `bottom`. */
export function horizontalAxis({ scale, top, bottom, unit, textOf = formatTick }: HorizontalAxis): Markup {
  const [left, right] = [scale.at(scale.low), scale.at(scale.high)];
  const ticks = thinTicks(scale, textOf).map((tick) => {
    const x = scale.at(tick);
    const half = (textOf(tick).length * characterWidth) / 2;
    const inside = Math.min(chartWidth - half, Math.max(half, x));
    return [
      line(x, top, x, bottom, 'grid'),
      label(inside, bottom + 13, textOf(tick), { anchor: 'middle', style: 'soft' }),
    ];
  });
  const kind = scale.kind === 'log' ? `${unit}${unit === '' ? '' : ', '}logarithmic` : unit;
  return html`${ticks}${line(left, bottom, right, bottom, 'axis')}${label(right, bottom + 27, kind, { anchor: 'end', style: 'soft' })}`;
}

/** Room that the numbers of a vertical axis need at the left. */
export function gutterFor(scale: Scale): number {
  return Math.max(16, ...scale.ticks.map((tick) => formatTick(tick).length * characterWidth)) + 6;
}

/** Numbers at the left, the unit above them. */
export function verticalAxis(scale: Scale, left: number, right: number, unit: string): Markup {
  const ticks = scale.ticks.map((tick) => {
    const y = scale.at(tick);
    return [
      line(left, y, right, y, 'grid'),
      label(left - 5, y + 4, formatTick(tick), { anchor: 'end', style: 'soft' }),
    ];
  });
  const top = Math.min(scale.at(scale.low), scale.at(scale.high));
  const kind = scale.kind === 'log' ? `${unit}${unit === '' ? '' : ', '}logarithmic` : unit;
  return html`${ticks}${label(0, top - 8, kind, { style: 'soft' })}`;
}

export function inUnit(values: readonly number[], { divisor }: DisplayUnit): number[] {
  return values.map((value) => value / divisor);
}
