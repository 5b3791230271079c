/** Raw samples and long series, brought to the bounded size that a result file holds. */
import { resultLimits, type SampleSummary } from './bench-result.js';

/** Denser towards the tail, where a percentile curve has its news. */
const shares = [
  0.001, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9,
  0.925, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.9925, 0.995, 0.9975, 0.999, 0.9995, 0.9999, 1,
] as const;
/** With a tail as many times as long as the middle, equal steps would put nearly all samples into a few bins. */
const longTail = 4;

function quantileOf(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** Sturges is too coarse for thousands of samples, and more bins than this no page can show. */
function binCount(samples: number): number {
  return Math.min(60, resultLimits.histogramBins, Math.max(8, Math.ceil(2 * Math.cbrt(samples))));
}

function edgesFor(sorted: Float64Array, scale: 'linear' | 'log'): number[] {
  const least = sorted[0] ?? 0;
  const most = sorted.at(-1) ?? least;
  // One value only, or so close to one that no number lies between the edges.
  const bins = binCount(sorted.length);
  const room = Math.max(Math.abs(most), Math.abs(least), 1e-9);
  if (most - least < room * 1e-9) return [least - room * 1e-3, most + room * 1e-3];
  const at = (step: number): number => {
    if (step === bins) return most;
    if (scale === 'log') return least * (most / least) ** (step / bins);
    return least + ((most - least) * step) / bins;
  };
  return Array.from({ length: bins + 1 }, (_, step) => at(step));
}

function countsOf(sorted: Float64Array, edges: readonly number[]): number[] {
  const counts = new Array<number>(edges.length - 1).fill(0);
  let bin = 0;
  for (const value of sorted) {
    while (bin < counts.length - 1 && value >= (edges[bin + 1] ?? Infinity)) bin++;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

/** Undefined for no samples. Throws RangeError for samples that are no finite numbers. */
export function summarizeSamples(values: ArrayLike<number>): SampleSummary | undefined {
  if (values.length === 0) return undefined;
  const sorted = Float64Array.from(values).sort();
  const least = sorted[0] ?? Number.NaN;
  const most = sorted.at(-1) ?? Number.NaN;
  // NaN is sorted to the end.
  if (!Number.isFinite(least) || !Number.isFinite(most)) throw new RangeError('Samples must be finite numbers.');
  const scale = least > 0 && most / quantileOf(sorted, 0.5) > longTail ? 'log' : 'linear';
  const edges = edgesFor(sorted, scale);
  return {
    count: sorted.length,
    mean: sorted.reduce((sum, value) => sum + value / sorted.length, 0),
    min: least,
    max: most,
    quantiles: shares.map((share) => ({ share, value: quantileOf(sorted, share) })),
    histogram: { scale: (edges[0] ?? 0) > 0 ? scale : 'linear', edges, counts: countsOf(sorted, edges) },
  };
}

/** The value at `share`, from the nearest quantile at or above it; undefined without one. */
export function quantileIn(summary: SampleSummary, share: number): number | undefined {
  return summary.quantiles.find((quantile) => quantile.share >= share - 1e-12)?.value;
}

/**
 * At most `limit` points. Of each stretch its least and its most are kept, so that no peak is lost, and the first and the
 * last point of all.
 */
export function thinSeries(
  points: readonly (readonly [number, number])[],
  limit: number = resultLimits.seriesPoints,
): [number, number][] {
  if (points.length <= limit) return points.map(([at, value]) => [at, value]);
  const [first, ...others] = points;
  const last = others.pop();
  const stretches = Math.floor((limit - 2) / 2);
  const kept: [number, number][] = first === undefined ? [] : [[...first]];
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = Math.floor((stretch * others.length) / stretches);
    const part = others.slice(from, Math.floor(((stretch + 1) * others.length) / stretches));
    const least = part.reduce((a, b) => (b[1] < a[1] ? b : a), part[0] ?? [0, 0]);
    const most = part.reduce((a, b) => (b[1] > a[1] ? b : a), part[0] ?? [0, 0]);
    const inOrder = least[0] <= most[0] ? [least, most] : [most, least];
    for (const [at, value] of least === most ? [least] : inOrder) kept.push([at, value]);
  }
  if (last !== undefined) kept.push([...last]);
  return kept;
}
