import type { NativeQueueStatus, NativeTierStatus } from '../native-queue-types.js';
import type { NativeModelStats } from '../native-types.js';

/** The numbers of all, added up field by field; other fields are as in the first. */
function sum<Counts extends object>(all: readonly Counts[]): Counts {
  const [first] = all;
  if (first === undefined) throw new RangeError('Expected at least one replica.');
  const total = { ...first } as Record<string, unknown>;
  for (const counts of all.slice(1)) {
    for (const [name, value] of Object.entries(counts)) {
      if (typeof value === 'number') total[name] = Number(total[name]) + value;
    }
  }
  return total as Counts;
}

function most(values: readonly number[]): number {
  return Math.max(...values);
}

/** Percentiles cannot be added: the worst replica's stand for all. */
function mergeTier(tiers: readonly NativeTierStatus[]): NativeTierStatus {
  const counts = sum(tiers);
  const waits = tiers.map(({ waitMs }) => waitMs);
  const meanTotal = tiers.reduce((total, { waitMs, started }) => total + waitMs.mean * started, 0);
  return {
    ...counts,
    oldestMs: most(tiers.map(({ oldestMs }) => oldestMs)),
    waitMs: {
      mean: counts.started === 0 ? 0 : meanTotal / counts.started,
      p50: most(waits.map(({ p50 }) => p50)),
      p95: most(waits.map(({ p95 }) => p95)),
      p99: most(waits.map(({ p99 }) => p99)),
      max: most(waits.map(({ max }) => max)),
    },
  };
}

export function mergeStats(all: readonly NativeModelStats[]): NativeModelStats {
  return sum(all);
}

/** The status of all replicas as one: counts and rates add up, times are those of the slowest. */
export function mergeQueueStatus(all: readonly NativeQueueStatus[]): NativeQueueStatus {
  const [first] = all;
  if (first === undefined) throw new RangeError('Expected at least one replica.');
  if (all.length === 1) return first;
  return {
    ...sum(all),
    byTier: first.byTier.map((_, tier) => mergeTier(all.flatMap(({ byTier }) => byTier.slice(tier, tier + 1)))),
    workers: sum(all.map(({ workers }) => workers)),
    cache: sum(all.map(({ cache }) => cache)),
    tokenLatencyMs: most(all.map(({ tokenLatencyMs }) => tokenLatencyMs)),
    drainMs: most(all.map(({ drainMs }) => drainMs)),
  };
}
