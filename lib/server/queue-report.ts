import { tiers } from '../native-types.js';
import type { NativeTierStatus } from '../native-queue-types.js';
import type { Tier } from '../native-types.js';
import type { QueueStatus } from '../api/types.js';
import type { QueueLoad } from './queue-load.js';

const weights: Readonly<Record<Tier, number>> = { vip: 8, high: 4, normal: 2, low: 1 };
const starvationMs = 30_000;
/** The scheduler keeps the waits of as many starts of each tier. */
const mostSamples = 1000;

function tierReport(tier: Tier, status: NativeTierStatus): Record<string, number> {
  return {
    queued: status.queued,
    running: status.running,
    parked: status.parked,
    queued_tokens: status.queuedTokens,
    oldest_ms: status.oldestMs,
    avg_wait_ms: status.waitMs.mean,
    p50_wait_ms: status.waitMs.p50,
    p95_wait_ms: status.waitMs.p95,
    p99_wait_ms: status.waitMs.p99,
    max_wait_ms: status.waitMs.max,
    started: status.started,
    tokens_served: status.tokensServed,
    weight: weights[tier],
  };
}

/** Share of a tier's last waits that stayed within the threshold, interpolated between the quantiles that are known. */
function shareWithin({ waitMs }: NativeTierStatus): number {
  const points = [
    [0, 0],
    [waitMs.p50, 0.5],
    [waitMs.p95, 0.95],
    [waitMs.p99, 0.99],
    [waitMs.max, 1],
  ] as const;
  let [lowMs, lowShare] = [0, 0];
  for (const [ms, share] of points) {
    if (ms > starvationMs) return lowShare + ((share - lowShare) * (starvationMs - lowMs)) / (ms - lowMs);
    [lowMs, lowShare] = [ms, share];
  }
  return 1;
}

function fairnessReport(byTier: readonly NativeTierStatus[]): Record<string, unknown> {
  let [samples, within] = [0, 0];
  for (const tier of byTier) {
    const count = Math.min(tier.started, mostSamples);
    samples += count;
    within += count * shareWithin(tier);
  }
  return {
    starvation_threshold_ms: starvationMs,
    starvation_detected: byTier.some((tier) => Math.max(tier.oldestMs, tier.waitMs.max) > starvationMs),
    fairness_score: samples === 0 ? 1 : within / samples,
  };
}

function cacheReport(cache: QueueStatus['cache']): Record<string, number> {
  return {
    memory_bytes: cache.memoryBytes,
    memory_limit_bytes: cache.memoryLimitBytes,
    disk_bytes: cache.diskBytes,
    disk_limit_bytes: cache.diskLimitBytes,
    entries: cache.entries,
    hits: cache.hits,
    misses: cache.misses,
    tokens_reused: cache.tokensReused,
    evicted: cache.evicted,
    spilled: cache.spilled,
  };
}

/** One model in GET /metrics/queue/status. */
export function queueReport(id: string, load: QueueLoad): Record<string, unknown> {
  const status = load.look();
  const byTier = tiers.flatMap((tier, index) => {
    const found = status.byTier[index];
    return found === undefined ? [] : [[tier, tierReport(tier, found)] as const];
  });
  return {
    id,
    policy: status.policy,
    level: load.level,
    capacity: status.capacity,
    queued: status.queued,
    held: status.held,
    running: status.running,
    parked: status.parked,
    by_tier: Object.fromEntries(byTier),
    workers: status.workers,
    rates: {
      prefill_tokens_per_second: status.prefillTokensPerSecond,
      decode_tokens_per_second: status.decodeTokensPerSecond,
    },
    token_latency_ms: status.tokenLatencyMs,
    eta_ms: status.drainMs,
    started: status.started,
    finished: status.finished,
    cancelled: status.cancelled,
    expired: status.expired,
    preempted: status.preempted,
    fairness: fairnessReport(status.byTier),
    cache: cacheReport(status.cache),
  };
}
