/** What is said about a handful of measured values. */

export interface Range {
  readonly least: number;
  readonly most: number;
}

/** The middle value; of an even count the mean of the two in the middle. Throws for no values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) throw new RangeError('There is no median of no values.');
  return (lower + upper) / 2;
}

/** The least value that this share of all values, 0 to 1, does not exceed. Throws for no values. */
export function percentile(values: readonly number[], share: number): number {
  return percentileOfSorted(Float64Array.from(values).sort(), share);
}

/** REQUIRES: ascending order. */
export function percentileOfSorted(sorted: ArrayLike<number>, share: number): number {
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('There is no percentile of no values.');
  return value;
}

/** NaN for no values. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function rangeOf(values: readonly number[]): Range {
  if (values.length === 0) throw new RangeError('There is no range of no values.');
  return { least: Math.min(...values), most: Math.max(...values) };
}

export interface Ratio extends Range {
  /** Of the medians. */
  readonly value: number;
}

/** The ratio of the medians, and the range of the ratios of values measured one after the other. */
export function ratioOf(subject: readonly number[], reference: readonly number[]): Ratio {
  const pairs = subject.flatMap((value, run) => {
    const other = reference[run];
    return other === undefined ? [] : [value / other];
  });
  return { value: median(subject) / median(reference), ...rangeOf(pairs) };
}
