/** From values to places on an axis. */

export interface Scale {
  readonly kind: 'linear' | 'log';
  /** Outside values are put at the ends. */
  at(value: number): number;
  readonly ticks: readonly number[];
  readonly low: number;
  readonly high: number;
}

/** Values that differ by more than this would be told apart nowhere but at the top of a linear axis. */
const wideSpread = 30;

/** 1, 2 or 5 times a power of ten. */
function niceStep(span: number, steps: number): number {
  const rough = span / Math.max(1, steps);
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = rough / power;
  return power * (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10);
}

function clamped(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** `from` and `to` are places; `to` may be smaller, as on a vertical axis. */
export function linearScale(low: number, high: number, from: number, to: number, steps = 4): Scale {
  const span = high - low > 0 ? high - low : Math.max(1e-9, Math.abs(high));
  const top = low + span;
  const step = niceStep(span, steps);
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.max(0, Math.floor(top / step + 1e-9) - first + 1);
  return {
    kind: 'linear',
    at: (value) => from + ((clamped(value, low, top) - low) / span) * (to - from),
    // Adding steps up would add their rounding errors up.
    ticks: Array.from({ length: Math.min(count, 50) }, (_, index) => (first + index) * step),
    low,
    high: top,
  };
}

function logTicks(low: number, high: number): number[] {
  const decades = Math.log10(high / low);
  const factors = decades > 3 ? [1] : decades > 1.2 ? [1, 3] : [1, 2, 5];
  const every = Math.max(1, Math.ceil(decades / 6));
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += every) {
    for (const factor of factors) ticks.push(factor * 10 ** power);
  }
  return ticks.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
}

/** REQUIRES: low > 0. */
export function logScale(low: number, high: number, from: number, to: number): Scale {
  const top = Math.max(high, low * 1.01);
  const span = Math.log(top / low);
  return {
    kind: 'log',
    at: (value) => from + (Math.log(clamped(value, low, top) / low) / span) * (to - from),
    ticks: logTicks(low, top),
    low,
    high: top,
  };
}

/** Logarithmic where the values are spread so widely that nothing else shows them all. */
export function needsLog(values: readonly number[]): boolean {
  const low = Math.min(...values);
  return low > 0 && Math.max(...values) / low > wideSpread;
}
