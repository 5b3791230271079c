/**
 * What the runs of one measurement say together, and the ratio of two of them, with confidence intervals. The unit is the
 * run. Values above 0 are taken by their logarithms: speeds and times differ by factors, and the ratio of two estimates
 * is then the estimate of the ratio.
 */
import { studentCritical } from './student-t.js';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface Estimate {
  /** The geometric mean; the arithmetic one where a value is not above 0. */
  readonly value: number;
  /** Undefined for a single run. */
  readonly interval: Interval | undefined;
  readonly runs: number;
}

export interface RatioEstimate {
  readonly ratio: number;
  readonly interval: Interval | undefined;
}

export const usualConfidence = 0.95;

interface Moments {
  readonly mean: number;
  readonly variance: number;
  readonly count: number;
}

function momentsOf(values: readonly number[]): Moments {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, variance: values.length < 2 ? 0 : squares / (values.length - 1), count: values.length };
}

export function areAllPositive(values: readonly number[]): boolean {
  return values.every((value) => value > 0);
}

/** Of one mean. */
function meanInterval({ mean, variance, count }: Moments, confidence: number): Interval | undefined {
  if (count < 2) return undefined;
  const reach = studentCritical((1 - confidence) / 2, count - 1) * Math.sqrt(variance / count);
  return { low: mean - reach, high: mean + reach };
}

/** Of the difference of two means, without assuming equal variances (Welch). Undefined with a single run on a side. */
export function differenceInterval(
  subject: readonly number[],
  reference: readonly number[],
  confidence: number,
): Interval | undefined {
  const a = momentsOf(subject);
  const b = momentsOf(reference);
  if (a.count < 2 || b.count < 2) return undefined;
  const difference = a.mean - b.mean;
  const [partA, partB] = [a.variance / a.count, b.variance / b.count];
  if (partA + partB === 0) return { low: difference, high: difference };
  const degrees = (partA + partB) ** 2 / (partA ** 2 / (a.count - 1) + partB ** 2 / (b.count - 1));
  const reach = studentCritical((1 - confidence) / 2, degrees) * Math.sqrt(partA + partB);
  return { low: difference - reach, high: difference + reach };
}

function map(interval: Interval | undefined, change: (value: number) => number): Interval | undefined {
  return interval && { low: change(interval.low), high: change(interval.high) };
}

/** Undefined for no values. */
export function estimateOf(values: readonly number[], confidence: number = usualConfidence): Estimate | undefined {
  if (values.length === 0) return undefined;
  if (!areAllPositive(values)) {
    const moments = momentsOf(values);
    return { value: moments.mean, interval: meanInterval(moments, confidence), runs: values.length };
  }
  const moments = momentsOf(values.map(Math.log));
  const interval = map(meanInterval(moments, confidence), Math.exp);
  return { value: Math.exp(moments.mean), interval, runs: values.length };
}

/**
 * Subject to reference. `paired`: values with one index were measured right after each other, so that what both shared
 * cancels. Undefined where a value is not above 0.
 */
export function ratioEstimate(
  subject: readonly number[],
  reference: readonly number[],
  { paired, confidence = usualConfidence }: { readonly paired: boolean; readonly confidence?: number },
): RatioEstimate | undefined {
  if (subject.length === 0 || reference.length === 0) return undefined;
  if (!areAllPositive(subject) || !areAllPositive(reference)) return undefined;
  const [a, b] = [subject.map(Math.log), reference.map(Math.log)];
  const ratio = Math.exp(momentsOf(a).mean - momentsOf(b).mean);
  const interval =
    paired && a.length === b.length
      ? meanInterval(momentsOf(a.map((value, run) => value - (b[run] ?? value))), confidence)
      : differenceInterval(a, b, confidence);
  return { ratio, interval: map(interval, Math.exp) };
}
