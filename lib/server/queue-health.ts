import type { QueueStatus } from '../api/types.js';

/** From when on waiting requests make a server's health degraded or critical. */
export interface QueueHealthThresholds {
  /** Requests waiting; default 2,000. */
  readonly degradedDepth: number;
  /** Default 5,000. */
  readonly criticalDepth: number;
  /** Mean wait of the last starts, while requests wait; default 500. */
  readonly degradedWaitMs: number;
  /** Default 1,000. */
  readonly criticalWaitMs: number;
}

const defaultThresholds: QueueHealthThresholds = {
  degradedDepth: 2000,
  criticalDepth: 5000,
  degradedWaitMs: 500,
  criticalWaitMs: 1000,
};
/** The scheduler keeps the waits of as many starts of each tier. */
const mostSamples = 1000;

/** @throws RangeError for what is no number from 0. */
export function resolveQueueHealth(given: Partial<QueueHealthThresholds> = {}): QueueHealthThresholds {
  const resolved = { ...defaultThresholds, ...given };
  for (const [name, value] of Object.entries(resolved)) {
    if (Number.isFinite(value) && value >= 0) continue;
    throw new RangeError(`Expected a number from 0 for queueHealth.${name} but received ${String(value)}.`);
  }
  return resolved;
}

/** Of the last starts of all models. */
function meanWaitMs(statuses: readonly QueueStatus[]): number {
  let [samples, sum] = [0, 0];
  for (const { waitMs, started } of statuses.flatMap((status) => status.byTier)) {
    const count = Math.min(started, mostSamples);
    samples += count;
    sum += count * waitMs.mean;
  }
  return samples === 0 ? 0 : sum / samples;
}

/** The value of `queue` in GET /health, of all loaded models together. */
export function queueHealthOf(
  statuses: readonly QueueStatus[],
  thresholds: QueueHealthThresholds,
): Record<string, unknown> {
  const total = (count: (status: QueueStatus) => number): number =>
    statuses.reduce((sum, status) => sum + count(status), 0);
  const depth = total((status) => status.queued);
  const waitMs = meanWaitMs(statuses);
  // Past waits say nothing about a server where nobody waits.
  const judged = depth === 0 ? 0 : waitMs;
  let status = 'healthy';
  if (depth > thresholds.criticalDepth || judged > thresholds.criticalWaitMs) status = 'critical';
  else if (depth > thresholds.degradedDepth || judged > thresholds.degradedWaitMs) status = 'degraded';
  return {
    status,
    queue_depth: depth,
    held: total((model) => model.held),
    active_workers: total((model) => model.workers.busy),
    total_workers: total((model) => model.workers.total),
    avg_wait_ms: waitMs,
    timestamp_ms: Date.now(),
  };
}
