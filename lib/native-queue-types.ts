/** The part of the addon's contract that tells of a model's queue. */

/** Where a waiting generation stands. */
export interface NativeQueuePosition {
  /** Requests expected to start before it; 0 = next, or running. */
  readonly position: number;
  /** Expected milliseconds until it starts, from the measured token rate. */
  readonly etaMs: number;
  readonly state: 'preparing' | 'held' | 'waiting' | 'running' | 'parked';
  /** Tokens of the answer so far. */
  readonly answeredTokens: number;
  /** Tokens computed for it so far, those of the prompt too. */
  readonly computedTokens: number;
}

export interface NativeTierStatus {
  readonly queued: number;
  readonly running: number;
  readonly parked: number;
  /** Prompt and expected answer tokens of what waits. */
  readonly queuedTokens: number;
  /** Of the oldest waiting request; 0 = none. */
  readonly oldestMs: number;
  /** Waiting times of the last 1,000 started requests. */
  readonly waitMs: {
    readonly mean: number;
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    readonly max: number;
  };
  readonly started: number;
  readonly tokensServed: number;
}

/** One consistent look at a model's scheduler. */
export interface NativeQueueStatus {
  readonly policy: 'priority' | 'fifo';
  readonly capacity: number;
  readonly queued: number;
  /** Waiting for dependencies; not part of `queued`. */
  readonly held: number;
  readonly running: number;
  readonly parked: number;
  /** By tier, see `tiers`. */
  readonly byTier: readonly NativeTierStatus[];
  /** Sequences: that run, that may run now, and that exist. */
  readonly workers: { readonly busy: number; readonly limit: number; readonly total: number };
  /** Measured over the last seconds of work; 0 = nothing measured yet. */
  readonly prefillTokensPerSecond: number;
  readonly decodeTokensPerSecond: number;
  /** Mean time between two tokens of one sequence. */
  readonly tokenLatencyMs: number;
  /** Expected milliseconds until all that waits now has started. */
  readonly drainMs: number;
  readonly started: number;
  readonly finished: number;
  readonly cancelled: number;
  readonly expired: number;
  readonly preempted: number;
  readonly cache: {
    readonly memoryBytes: number;
    readonly memoryLimitBytes: number;
    readonly diskBytes: number;
    readonly diskLimitBytes: number;
    readonly entries: number;
    readonly hits: number;
    readonly misses: number;
    readonly tokensReused: number;
    readonly evicted: number;
    readonly spilled: number;
  };
}
