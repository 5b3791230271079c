import type { Constraints } from './constraints.js';
import type { SimpleSchema } from './simple-schema.js';
import type { Refusal } from './simple-strings.js';
import { isNumberOf } from './value-check.js';

const safe = Number.MAX_SAFE_INTEGER;
/** Values of a list, where no range can be written. */
const mostListed = 200;
/** Between two bounds as near as this there are decimals, too. */
const narrow = 20;

function integers(least: number, most: number): SimpleSchema[] {
  if (least > most) return [];
  return [
    { type: 'integer', ...(least <= -safe ? {} : { minimum: least }), ...(most >= safe ? {} : { maximum: most }) },
  ];
}

interface Bounds {
  readonly least: number;
  readonly most: number;
}

/** Of whole numbers. */
function boundsOf({ minimum, maximum, above, below }: Constraints): Bounds {
  return {
    least: Math.max(-safe, Math.ceil(minimum), Number.isFinite(above) ? Math.floor(above) + 1 : -safe),
    most: Math.min(safe, Math.floor(maximum), Number.isFinite(below) ? Math.ceil(below) - 1 : safe),
  };
}

function listed(values: Iterable<number>, rules: Constraints): number[] {
  const found: number[] = [];
  for (const value of values) {
    if (found.length >= mostListed) break;
    const fits = isNumberOf(value, rules) && !rules.excluded.includes(value);
    if (fits && Number.isFinite(value) && !found.includes(value)) found.push(value);
  }
  return found;
}

/** 0, 1, -1, 2, … times a step, or upwards or downwards from a bound. */
function* multiplesOf(step: number, { minimum, maximum, above, below }: Constraints): Generator<number> {
  const [low, high] = [Math.max(minimum, above), Math.min(maximum, below)];
  const start = Number.isFinite(low) ? Math.floor(low / step) : Number.isFinite(high) ? Math.ceil(high / step) : 0;
  for (let count = 0; count <= 4 * mostListed; count++) {
    // Where there is a bound, the values on its other side are left out by who lists them.
    const times = Number.isFinite(low)
      ? start + count
      : Number.isFinite(high)
        ? start - count
        : count % 2 === 0
          ? count / 2
          : -(count + 1) / 2;
    // What is written in decimals comes as close as it can.
    for (const value of [times * step, Number((times * step).toPrecision(12))]) yield value;
  }
}

function* decimals(least: number, most: number): Generator<number> {
  const width = most - least;
  const step = 10 ** Math.ceil(Math.log10(width / mostListed));
  for (let count = 0; count <= mostListed + 2; count++)
    yield Number((Math.ceil(least / step) * step + count * step).toPrecision(12));
}

/** Without the excluded ones: the ranges between them. */
function ranges({ least, most }: Bounds, excluded: readonly number[]): SimpleSchema[] {
  const gaps = [...new Set(excluded)]
    .filter((value) => Number.isInteger(value) && value >= least && value <= most)
    .sort((a, b) => a - b);
  const parts: SimpleSchema[] = [];
  let next = least;
  for (const gap of gaps) {
    parts.push(...integers(next, gap - 1));
    next = gap + 1;
  }
  return [...parts, ...integers(next, most)];
}

/** The numbers of an alternative. */
export function simpleNumbers(rules: Constraints): readonly SimpleSchema[] | Refusal {
  const { isInteger, minimum, maximum, above, below, multiples, excluded } = rules;
  const [low, high] = [Math.max(minimum, above), Math.min(maximum, below)];
  const bounds = boundsOf(rules);
  const numbers = excluded.filter((value) => typeof value === 'number');
  const isUnbounded = low === -Infinity && high === Infinity;
  if (multiples.length > 0) {
    if (isUnbounded && numbers.length === 0 && multiples.every((of) => Number.isInteger(1 / of) && of <= 1))
      return integers(-safe, safe);
    const found = listed(multiplesOf(Math.max(...multiples), rules), rules);
    return found.length === 0 ? { keyword: 'multipleOf' } : [{ enum: found }];
  }
  if (isUnbounded && numbers.length === 0) return [{ type: isInteger ? 'integer' : 'number' }];
  const whole = ranges(bounds, numbers);
  if (isInteger || !(high - low <= narrow) || low > high) return whole;
  if (low === high) return listed([low], rules).map((value) => ({ enum: [value] }));
  const between = listed(decimals(low, high), rules).filter((value) => !Number.isInteger(value));
  return between.length === 0 ? whole : [...whole, { enum: between }];
}
