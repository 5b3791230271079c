import { tiers } from '../native-types.js';
import type { Tier } from '../native-types.js';
import type { QueueStatus } from '../api/types.js';

/** A status is good for this long: a burst of requests costs one look at the scheduler. */
const freshMs = 50;
const elevatedFrom = 0.7;
const criticalFrom = 0.9;
/** From this deadline on a request goes first whatever its priority; see native/queue/request_queue.h. */
const criticalDeadlineMs = 10_000;
const leastRetrySeconds = 1;
const mostRetrySeconds = 600;

export type LoadLevel = 'healthy' | 'elevated' | 'critical';

/** What a model's load is measured by. */
export interface ObservedModel {
  queueStatus(): QueueStatus;
}

export function levelOf(fill: number): LoadLevel {
  if (fill < elevatedFrom) return 'healthy';
  return fill < criticalFrom ? 'elevated' : 'critical';
}

/** How much waits for one model, and how fast it is served. */
export class QueueLoad {
  readonly #model: ObservedModel;
  #status: QueueStatus | undefined;
  #readMs = 0;
  /** Generations that this server submitted to it and that have not ended. */
  generations = 0;

  constructor(model: ObservedModel) {
    this.#model = model;
  }

  /** At most 50 ms old. */
  get status(): QueueStatus {
    const isFresh = performance.now() - this.#readMs <= freshMs;
    return this.#status !== undefined && isFresh ? this.#status : this.look();
  }

  /** Reads the status now. */
  look(): QueueStatus {
    this.#status = this.#model.queueStatus();
    this.#readMs = performance.now();
    return this.#status;
  }

  /** Generations that wait, those included that came since the status was read or are still being prepared. */
  get waiting(): number {
    return this.waitingWith(0);
  }

  /** The same, if that many came now: what finds a free sequence does not wait. */
  waitingWith(more: number): number {
    const { queued, workers } = this.status;
    const unplaced = Math.max(workers.busy, this.generations) + more - workers.limit;
    return Math.max(0, unplaced, queued === 0 ? 0 : queued + more);
  }

  /** Share of the queue that is taken. */
  get fill(): number {
    return this.waiting / this.status.capacity;
  }

  get level(): LoadLevel {
    return levelOf(this.fill);
  }

  /** Measured time between two starts of those that wait; 0 when nothing was measured yet. */
  get msPerStart(): number {
    const { queued, drainMs, started, byTier, prefillTokensPerSecond, decodeTokensPerSecond } = this.status;
    if (queued > 0 && drainMs > 0) return drainMs / queued;
    const rate = prefillTokensPerSecond + decodeTokensPerSecond;
    if (rate === 0 || started === 0) return 0;
    const served = byTier.reduce((sum, tier) => sum + tier.tokensServed, 0);
    return (served / started / rate) * 1000;
  }

  /** Whole seconds until that many of those that wait have started. */
  retrySeconds(starts: number): number {
    return Math.min(mostRetrySeconds, Math.max(leastRetrySeconds, Math.ceil((starts * this.msPerStart) / 1000)));
  }

  /** Lower bound of the wait of a request that comes now, from what waits and the measured rates; 0 when unknown. */
  earliestStartMs(tier: Tier, deadlineMs: number): number {
    const { policy, drainMs, queued } = this.status;
    if (queued === 0) return 0;
    if (policy === 'fifo') return drainMs;
    // A vip takes the place of a running one.
    if (tier === tiers[0]) return 0;
    return Math.min(drainMs, Math.max(0, deadlineMs - criticalDeadlineMs) + this.msPerStart);
  }
}
