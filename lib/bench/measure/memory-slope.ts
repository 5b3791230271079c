/**
 * Does memory grow without end? A straight line through the samples after a warm-up, with an interval that knows that
 * samples of memory resemble their neighbours: the effective number of samples shrinks with the correlation of what the
 * line leaves over. A leak must grow for certain, by more than allocators do by themselves, and in the second half still half
 * as fast: caches fill and heaps settle, and both look like growth at first.
 */
import type { Interval } from './bootstrap.js';
import { meanOf } from './stats.js';
import { studentQuantile } from './student.js';

export interface MemorySample {
  readonly atMs: number;
  readonly bytes: number;
}

export interface LeakRules {
  /** The share of the whole time that is warm-up; default a third. */
  readonly warmUp?: number;
  /** Growth over the measured time that is nothing; default 1 MiB or 1 % of the mean, whichever is more. */
  readonly toleratedBytes?: number;
  /** Default 0.95. */
  readonly confidence?: number;
  /** After the warm-up; a shorter time, in which caches still fill, finds nothing but `unclear`. Default two minutes. */
  readonly leastMs?: number;
}

export interface MemorySlope extends Interval {
  /** `unclear`: it seems to grow by more than is tolerated, but that is not certain, or may end. Run longer. */
  readonly verdict: 'leak' | 'no leak' | 'unclear';
  /** Bytes per hour; `low` and `high` likewise. */
  readonly bytesPerHour: number;
  readonly samples: number;
  readonly measuredMs: number;
  readonly meanBytes: number;
}

/** After the warm-up; fewer cannot say anything. */
export const leastSamples = 12;

const msPerHour = 3_600_000;
const mebibyte = 2 ** 20;

interface Line extends Interval {
  readonly slope: number;
}

/** -1 to 1: how much each value resembles the one before it. */
function neighbourCorrelation(residuals: readonly number[]): number {
  let products = 0;
  let squares = 0;
  for (const [index, value] of residuals.entries()) {
    squares += value * value;
    products += value * (residuals[index - 1] ?? 0);
  }
  return squares === 0 ? 0 : products / squares;
}

/** Ordinary least squares, in bytes per millisecond. */
function lineThrough(samples: readonly MemorySample[], confidence: number): Line {
  const meanAt = meanOf(samples.map(({ atMs }) => atMs));
  const meanBytes = meanOf(samples.map(({ bytes }) => bytes));
  let spread = 0;
  let together = 0;
  for (const { atMs, bytes } of samples) {
    spread += (atMs - meanAt) ** 2;
    together += (atMs - meanAt) * (bytes - meanBytes);
  }
  const slope = together / spread;
  const residuals = samples.map(({ atMs, bytes }) => bytes - meanBytes - slope * (atMs - meanAt));
  const squares = residuals.reduce((sum, value) => sum + value * value, 0);
  // Anti-correlated noise would make the interval narrower; that is luck not to be relied on.
  const correlation = Math.min(0.98, Math.max(0, neighbourCorrelation(residuals)));
  const effective = Math.max(5, (samples.length * (1 - correlation)) / (1 + correlation));
  const variance = squares / (samples.length - 2) / spread;
  const error = Math.sqrt((variance * samples.length) / effective);
  const reach = studentQuantile(1 - (1 - confidence) / 2, effective - 2) * error;
  return { slope, low: slope - reach, high: slope + reach };
}

/** Throws RangeError when fewer than `leastSamples` are left after the warm-up. */
export function memorySlope(samples: readonly MemorySample[], rules: LeakRules = {}): MemorySlope {
  const { warmUp = 1 / 3, confidence = 0.95, leastMs = 120_000 } = rules;
  const first = samples[0]?.atMs ?? 0;
  const last = samples.at(-1)?.atMs ?? 0;
  const measured = samples.filter(({ atMs }) => atMs >= first + (last - first) * warmUp);
  if (measured.length < leastSamples) {
    throw new RangeError(`A slope needs ${String(leastSamples)} samples after the warm-up: ${String(measured.length)}`);
  }
  const measuredMs = last - (measured[0]?.atMs ?? last);
  const meanBytes = meanOf(measured.map(({ bytes }) => bytes));
  const tolerated = rules.toleratedBytes ?? Math.max(mebibyte, meanBytes / 100);
  const whole = lineThrough(measured, confidence);
  const later = lineThrough(measured.slice(Math.floor(measured.length / 2)), confidence);
  const grows = whole.low * measuredMs > tolerated;
  const goesOn = later.slope > whole.slope / 2;
  const seemsTo = whole.slope * measuredMs > tolerated;
  return {
    verdict:
      grows && goesOn && measuredMs >= leastMs ? 'leak' : seemsTo || measuredMs < leastMs ? 'unclear' : 'no leak',
    bytesPerHour: whole.slope * msPerHour,
    low: whole.low * msPerHour,
    high: whole.high * msPerHour,
    samples: measured.length,
    measuredMs,
    meanBytes,
  };
}
