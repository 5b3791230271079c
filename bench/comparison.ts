/** One line of the results: values measured, what they are held against, and the bar. */
import type { MemorySlope } from '../lib/bench/measure/memory-slope.js';
import { median, rangeOf, ratioOf, type Ratio } from '../lib/bench/measure/stats.js';

export type Unit = 'tokens/s' | 'µs' | 'ms' | 's' | 'of the unique' | 'answers' | 'requests/s' | 'MiB';

export interface Series {
  readonly name: string;
  readonly values: readonly number[];
  /** The values are lower bounds: the measurement was cut off there. */
  readonly cutOff?: boolean;
  /** What the values are made of, of all runs together. */
  readonly samples?: readonly number[];
  /** One run over time: milliseconds since its start, and the value then. */
  readonly points?: readonly (readonly [number, number])[];
  readonly slope?: MemorySlope;
}

export type Bar =
  | { readonly kind: 'ratio at least' | 'ratio above' | 'ratio at most'; readonly value: number }
  /** Every value, not only the median. */
  | { readonly kind: 'at most'; readonly value: number }
  /** Memory, judged by its slope (`lib/bench/measure/memory-slope.ts`), which is more than its number. */
  | { readonly kind: 'no leak'; readonly met: boolean };

export interface Comparison {
  readonly scenario: string;
  readonly model: string;
  readonly what: string;
  readonly unit: Unit;
  /** What the result file calls it; default: by its unit. */
  readonly metric?: string;
  readonly subject: Series;
  readonly reference?: Series;
  readonly bar?: Bar;
  /** Highest share of its core that the client used, 0 to 1. */
  readonly clientLoad?: number;
}

/** Subject to reference; undefined where there is nothing to hold against. */
export function ratioIn({ subject, reference }: Comparison): Ratio | undefined {
  return reference === undefined ? undefined : ratioOf(subject.values, reference.values);
}

/** Undefined without a bar. */
export function isMet(comparison: Comparison): boolean | undefined {
  const { bar, subject } = comparison;
  if (bar === undefined) return undefined;
  if (bar.kind === 'at most') return subject.cutOff !== true && rangeOf(subject.values).most <= bar.value;
  if (bar.kind === 'no leak') return bar.met;
  const ratio = ratioIn(comparison);
  if (ratio === undefined) throw new Error(`${comparison.what}: a bar on a ratio needs a reference.`);
  if (bar.kind === 'ratio at most') return subject.cutOff !== true && ratio.value <= bar.value;
  return bar.kind === 'ratio above' ? ratio.value > bar.value : ratio.value >= bar.value;
}

/** The one with the highest median. */
export function fastest(candidates: readonly Series[]): Series {
  const [best] = [...candidates].sort((a, b) => median(b.values) - median(a.values));
  if (best === undefined) throw new RangeError('There is no fastest of none.');
  return best;
}
