import { nativeAddon } from '../../native.js';
import { phases } from '../../native-statistics-types.js';
import type { NativeStatistics, Phase } from '../../native-statistics-types.js';
import { tiers } from '../../native-types.js';
import { anomaliesOf, baselineOf } from '../../profile/anomalies.js';
import type { Anomaly, Baseline } from '../../profile/anomalies.js';
import { RecentProfiles } from '../../profile/recent-profiles.js';
import type { RequestProfile } from '../../profile/request-profile.js';
import { engineClockUs } from '../../profile/request-recorder.js';
import { Timeline } from '../../profile/timeline.js';
import type { EndedRequest } from './ended-request.js';
import type { RequestMetrics } from './request-metrics.js';

/** Reading it asks the system; it changes slowly. */
const memoryFreshMs = 1000;
/** Without a saved baseline the first requests are what is usual … */
const learnedFrom = 200;
/** … and the last ones are judged by it. */
const judgedRequests = 50;
const microsecondsPerMs = 1000;

/** Measures the requests of one server. JS thread. */
export class RequestMeter {
  readonly recent = new RecentProfiles();
  readonly timeline = new Timeline();
  readonly metrics: RequestMetrics;
  readonly startedMs = Date.now();
  /** What is timed around the engine, by model. */
  readonly #statistics = new Map<string, NativeStatistics>();
  #memoryBytes = 0;
  #memoryReadMs = -Infinity;
  #baseline: Baseline | undefined;

  constructor(metrics: RequestMetrics, baseline: Baseline | undefined) {
    this.metrics = metrics;
    this.#baseline = baseline;
  }

  /** Of a model that had requests. */
  statisticsOf(model: string): NativeStatistics | undefined {
    return this.#statistics.get(model);
  }

  get models(): readonly string[] {
    return [...this.#statistics.keys()];
  }

  /** To be called once for every request that arrived, when it has ended, however that came. */
  ended({ recorder, startedMs, method, ...facts }: EndedRequest): void {
    this.metrics.countRequest(method, facts, recorder?.model);
    const moments = { arrivedUs: engineClockUs(startedMs), endedUs: engineClockUs(performance.now()) };
    recorder?.finish({ ...facts, ...moments, memoryBytes: this.#memory() }, (profile) => {
      this.#profiled(profile);
    });
  }

  #profiled(profile: RequestProfile): void {
    if (profile.model !== undefined) this.metrics.countGenerations(profile, profile.model);
    this.recent.add(profile);
    this.timeline.add(profile, Date.now());
    this.#record(profile);
    if (this.#baseline === undefined && this.recent.size === learnedFrom) this.#baseline = this.snapshot();
  }

  /** What is usual now: to be saved. */
  snapshot(): Baseline {
    return baselineOf(this.recent.latest(Infinity), new Date().toISOString());
  }

  /** Judges by this from now on. */
  setBaseline(baseline: Baseline): void {
    this.#baseline = baseline;
  }

  get baseline(): Baseline | undefined {
    return this.#baseline;
  }

  anomalies(): Anomaly[] {
    return this.#baseline === undefined ? [] : anomaliesOf(this.recent.latest(judgedRequests), this.#baseline);
  }

  #record(profile: RequestProfile): void {
    const { model, tier, outcome } = profile;
    if (model === undefined || tier === undefined) return;
    let statistics = this.#statistics.get(model);
    if (statistics === undefined) {
      statistics = nativeAddon().addon.createStatistics();
      this.#statistics.set(model, statistics);
    }
    const tierIndex = tiers.indexOf(tier);
    const record = (phase: Phase, ms: number): void => {
      statistics.record(phases.indexOf(phase), tierIndex, ms * microsecondsPerMs);
    };
    record('receive', profile.phases.receive);
    if (profile.firstTokenMs !== undefined) record('first_token', profile.firstTokenMs);
    if (outcome !== 'stop' && outcome !== 'length') return;
    record('serialize', profile.phases.serialize);
    record('total', profile.totalMs);
  }

  #memory(): number {
    const now = performance.now();
    if (now - this.#memoryReadMs > memoryFreshMs) {
      this.#memoryBytes = process.memoryUsage.rss();
      this.#memoryReadMs = now;
    }
    return this.#memoryBytes;
  }
}
