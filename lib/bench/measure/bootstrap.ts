/**
 * Confidence intervals of any statistic by resampling (percentile bootstrap, seeded). Neighbouring values that resemble
 * each other, such as latencies of requests that shared a queue, need `blockLength`: whole stretches are drawn then.
 * It says how far a number of this run may be from what the run could have shown; it knows nothing of what differs from
 * run to run. For that see verdict.ts, whose unit is the run.
 */
import { SeededRandom } from '../seeded-random.js';
import { percentileOfSorted } from './stats.js';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions {
  /** 0 to 1; default 0.95. */
  readonly confidence?: number;
  /** Default 1,000. */
  readonly resamples?: number;
  readonly seed?: number;
  /** Default 1: every value is drawn for itself. */
  readonly blockLength?: number;
}

/** Throws RangeError for no values. */
export function bootstrapInterval(
  values: readonly number[],
  statistic: (values: readonly number[]) => number,
  { confidence = 0.95, resamples = 1000, seed = 1, blockLength = 1 }: BootstrapOptions = {},
): Interval {
  if (values.length === 0) throw new RangeError('There is no interval of no values.');
  const random = new SeededRandom(seed);
  const drawn = new Array<number>(values.length);
  const found = new Float64Array(resamples);
  for (let round = 0; round < resamples; round++) {
    for (let at = 0; at < drawn.length; at += blockLength) {
      const from = random.integer(0, values.length - 1);
      const length = Math.min(blockLength, drawn.length - at);
      // Blocks wrap around, so that values at the ends are drawn as often as others.
      for (let offset = 0; offset < length; offset++)
        drawn[at + offset] = values[(from + offset) % values.length] ?? NaN;
    }
    found[round] = statistic(drawn);
  }
  found.sort();
  const outside = (1 - confidence) / 2;
  return { low: percentileOfSorted(found, outside), high: percentileOfSorted(found, 1 - outside) };
}
