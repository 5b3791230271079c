/** Figures as people read them: 3 digits that matter, in a unit of the right size. */

export interface DisplayUnit {
  readonly label: string;
  /** A value divided by this is in the unit that `label` names. */
  readonly divisor: number;
}

const ladders: Readonly<Record<string, readonly DisplayUnit[]>> = {
  ms: [
    { label: 'min', divisor: 60_000 },
    { label: 's', divisor: 1000 },
    { label: 'ms', divisor: 1 },
    { label: 'µs', divisor: 0.001 },
  ],
  s: [
    { label: 'h', divisor: 3600 },
    { label: 'min', divisor: 60 },
    { label: 's', divisor: 1 },
    { label: 'ms', divisor: 0.001 },
  ],
  bytes: [
    { label: 'TiB', divisor: 2 ** 40 },
    { label: 'GiB', divisor: 2 ** 30 },
    { label: 'MiB', divisor: 2 ** 20 },
    { label: 'KiB', divisor: 2 ** 10 },
    { label: 'B', divisor: 1 },
  ],
};
/** From here on a larger unit reads better: 2 min, but 90 s. */
const stepUp: Readonly<Record<string, number>> = { min: 2, h: 2 };

/** The unit in which `size` is a number between 1 and 1,000 or so. `rate` such as "/h" is kept behind it. */
export function displayUnit(size: number, unit: string): DisplayUnit {
  const [, base = unit, rate = ''] = /^(ms|s|bytes)(\/\w+)?$/u.exec(unit) ?? [];
  const ladder = Object.hasOwn(ladders, base) ? (ladders[base] ?? []) : [];
  if (ladder.length === 0) return { label: unit === 'count' ? '' : unit, divisor: 1 };
  const step = ladder.find(({ divisor, label }) => Math.abs(size) >= divisor * (stepUp[label] ?? 1));
  const usual = ladder.find(({ divisor }) => divisor === 1);
  const chosen = (size === 0 ? usual : (step ?? ladder.at(-1))) ?? { label: unit, divisor: 1 };
  return { label: `${chosen.label}${rate}`, divisor: chosen.divisor };
}

function digitsOf(size: number): string {
  if (size === 0) return '0';
  if (size >= 1e7) return size.toExponential(2);
  // 0.9996 rounds up to 1, which has a digit less behind the point.
  const digits = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : undefined;
  if (digits === undefined) return size < 1e-3 ? size.toExponential(1) : Number(size.toPrecision(3)).toString();
  return size >= 999.5 ? Math.round(size).toLocaleString('en') : size.toFixed(digits);
}

function signed(text: string, value: number): string {
  return value < 0 ? `−${text}` : text;
}

/** 3 digits that matter; thousands are told apart. */
export function formatNumber(value: number): string {
  return signed(digitsOf(Math.abs(value)), value);
}

/** For an axis: without zeros that say nothing. */
export function formatTick(value: number): string {
  const size = Number(Math.abs(value).toPrecision(4));
  return signed(size >= 1e7 || (size > 0 && size < 1e-3) ? size.toExponential() : size.toLocaleString('en'), value);
}

/** `268 tokens/s`, `1.24 GiB`, `3.1 ms`. */
export function formatValue(value: number, unit: string): string {
  const { label, divisor } = displayUnit(value, unit);
  return `${formatNumber(value / divisor)}${label === '' ? '' : ` ${label}`}`;
}

/** `265–271 tokens/s`, both in one unit. */
export function formatRange(low: number, high: number, unit: string): string {
  const { label, divisor } = displayUnit(Math.max(Math.abs(low), Math.abs(high)), unit);
  const [from, to] = [formatNumber(low / divisor), formatNumber(high / divisor)];
  const sign = low < 0 || high < 0 ? ' to ' : '–';
  return `${from}${sign}${to}${label === '' ? '' : ` ${label}`}`;
}

/** -0.034 → "−3.4 %"; what is not 0 always has its sign. */
export function formatChange(change: number): string {
  const percent = change * 100;
  const size = Math.abs(percent);
  const text = size >= 1000 ? Math.round(size).toLocaleString('en') : size.toFixed(size >= 99.95 ? 0 : 1);
  if (text === '0.0') return '0 %';
  return `${percent < 0 ? '−' : '+'}${text} %`;
}

/** 93,784,000 → "1 d 2 h 3 min". */
export function formatDuration(ms: number): string {
  if (ms < 60_000) return formatValue(ms, 'ms');
  const minutes = Math.round(ms / 60_000);
  const parts = [
    [Math.floor(minutes / 1440), 'd'],
    [Math.floor((minutes % 1440) / 60), 'h'],
    [minutes % 60, 'min'],
  ] as const;
  return parts
    .filter(([count]) => count > 0)
    .map(([count, label]) => `${String(count)} ${label}`)
    .join(' ');
}
