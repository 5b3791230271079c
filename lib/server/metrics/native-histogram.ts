import type { Metric } from 'prom-client';
import { phases } from '../../native-statistics-types.js';
import type { NativeStatistics, Phase } from '../../native-statistics-types.js';
import { durationBuckets } from './request-metrics.js';

const usPerSecond = 1e6;
const boundsUs = Float64Array.from(durationBuckets, (seconds) => seconds * usPerSecond);

interface Sample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Of one model; its replicas added up. */
function samplesOf(name: string, model: string, phase: Phase, all: readonly NativeStatistics[]): Sample[] {
  const counts = new Float64Array(durationBuckets.length);
  let [count, sumUs] = [0, 0];
  for (const statistics of all) {
    const cumulated = statistics.cumulate(phases.indexOf(phase), boundsUs);
    for (const [index, value] of cumulated.counts.entries()) counts[index] = (counts[index] ?? 0) + value;
    count += cumulated.count;
    sumUs += cumulated.sumUs;
  }
  const buckets = durationBuckets.map((bound, index) => ({
    metricName: `${name}_bucket`,
    labels: { model, le: String(bound) },
    value: counts[index] ?? 0,
  }));
  return [
    ...buckets,
    { metricName: `${name}_bucket`, labels: { model, le: '+Inf' }, value: count },
    { metricName: `${name}_sum`, labels: { model }, value: sumUs / usPerSecond },
    { metricName: `${name}_count`, labels: { model }, value: count },
  ];
}

/**
 * A histogram that the engine recorded, read when somebody asks: what happens for every token is not worth a call of JS. It
 * is registered in the place of a metric of prom-client, of which a registry uses nothing but these fields.
 */
export function nativeHistogram(
  { name, help, phase }: { readonly name: string; readonly help: string; readonly phase: Phase },
  statistics: () => readonly { readonly model: string; readonly replicas: readonly NativeStatistics[] }[],
): Metric {
  const metric = {
    name,
    help,
    type: 'histogram',
    aggregator: 'sum',
    get: () => {
      const values = statistics().flatMap(({ model, replicas }) => samplesOf(name, model, phase, replicas));
      return Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values });
    },
    reset: () => undefined,
  };
  return metric as unknown as Metric;
}
