/** The part of the addon's contract that measures: histograms of phases. */
import type { Tier } from './native-tiers.js';

/** What is timed, in the order of the numbers that `NativeStatistics` takes. `first_token` is from submission on,
 * `run` the run of an ONNX graph. */
export const phases = [
  'receive',
  'tokenize',
  'queue',
  'prefill',
  'decode',
  'detokenize',
  'serialize',
  'first_token',
  'inter_token',
  'total',
  'run',
] as const;
export type Phase = (typeof phases)[number];

/** How far a summary looks back. */
export const statisticsWindows = ['1m', '5m', '1h', 'all'] as const;
export type StatisticsWindow = (typeof statisticsWindows)[number];

/** Times in milliseconds; quantiles are within 1 % of the exact ones. */
export interface NativePhaseSummary {
  readonly phase: Phase;
  readonly tier: Tier;
  readonly count: number;
  readonly mean: number;
  readonly stddev: number;
  readonly min: number;
  readonly max: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  /** The slots of the window, oldest first, as far as something was recorded in them; for trends. Empty for 'all'. */
  readonly slots: readonly { readonly ageMs: number; readonly count: number; readonly mean: number }[];
}

/** Histograms per phase and tier. Recording never blocks; reading never stops who records. */
export interface NativeStatistics {
  /** Numbers are indexes into `phases` and `tiers`. Only for statistics made by `createStatistics`. */
  record(phase: number, tier: number, microseconds: number): void;
  /** Only what was recorded at least once in the window. `others` are merged in: a model's replicas. */
  summarize(window: StatisticsWindow, others: readonly NativeStatistics[]): NativePhaseSummary[];
  /**
   * Over all time and all tiers, for Prometheus: how many were at most as long as each bound (microseconds, ascending),
   * and their number and sum.
   */
  cumulate(
    phase: number,
    boundsUs: Float64Array,
  ): { readonly counts: Float64Array; readonly count: number; readonly sumUs: number };
}
