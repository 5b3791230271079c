/** What is kept of the requests of one run of a scenario, in bounded memory, and the figures made of it. */
import { gapsOf, timeToFirstToken, type RequestRecord } from '../load/request-record.js';
import { Samples } from '../measure/samples.js';
import { median } from '../measure/stats.js';

/** A selection of so many is as good as all of them for any percentile of a page. */
const keptSamples = 50_000;
/** Intervals of the timelines of one run. */
const timelineBins = 120;

export const latencyMetrics = ['time_to_first_token', 'inter_token', 'end_to_end'] as const;
export type LatencyMetric = (typeof latencyMetrics)[number];

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export class ScenarioFigures {
  readonly #warmUp: number;
  readonly #latencies: Readonly<Record<LatencyMetric, Samples>> = {
    time_to_first_token: new Samples(keptSamples),
    inter_token: new Samples(keptSamples),
    end_to_end: new Samples(keptSamples),
  };
  readonly #firstTokens: [number, number][] = [];
  readonly #tokensByMoment = new Map<number, number>();
  readonly #momentMs: number;
  #decoded = { tokens: 0, ms: 0 };
  #prefilled = { tokens: 0, ms: 0 };
  #lastEndMs = 0;

  /** `expectedMs`: about how long the run takes, for the timelines. */
  constructor(warmUp: number, expectedMs: number) {
    this.#warmUp = warmUp;
    this.#momentMs = Math.max(100, expectedMs / timelineBins);
  }

  add(record: RequestRecord): void {
    for (const at of record.tokenTimes) {
      const moment = Math.floor(at / this.#momentMs);
      this.#tokensByMoment.set(moment, (this.#tokensByMoment.get(moment) ?? 0) + 1);
    }
    this.#lastEndMs = Math.max(this.#lastEndMs, record.endedAt);
    if (record.index < this.#warmUp || record.outcome !== 'ok') return;
    const first = timeToFirstToken(record);
    if (first === undefined) return;
    this.#latencies.time_to_first_token.add(first);
    this.#latencies.end_to_end.add(record.endedAt - record.intendedAt);
    if (this.#firstTokens.length < keptSamples) this.#firstTokens.push([record.intendedAt, first]);
    const gaps = gapsOf(record);
    for (const gap of gaps) this.#latencies.inter_token.add(gap);
    // The first token came at the end of the prefill; the time between tokens is of the others.
    if (gaps.length > 0)
      this.#decoded = { tokens: this.#decoded.tokens + record.tokens - 1, ms: this.#decoded.ms + sum(gaps) };
    const computed = (record.promptTokens ?? 0) - (record.cachedTokens ?? 0);
    this.#prefilled = { tokens: this.#prefilled.tokens + computed, ms: this.#prefilled.ms + first };
  }

  samples(metric: LatencyMetric): readonly number[] {
    return this.#latencies[metric].values();
  }

  /** Milliseconds; undefined when nothing was measured. */
  typical(metric: LatencyMetric): number | undefined {
    const values = this.#latencies[metric].values();
    return values.length === 0 ? undefined : median(values);
  }

  /** Of a single stream. */
  decodeTokensPerSecond(): number | undefined {
    const { tokens, ms } = this.#decoded;
    return tokens > 0 && ms > 0 ? (tokens / ms) * 1000 : undefined;
  }

  /** Computed prompt tokens in the time to the first token. */
  prefillTokensPerSecond(): number | undefined {
    const { tokens, ms } = this.#prefilled;
    return tokens > 0 && ms > 0 ? (tokens / ms) * 1000 : undefined;
  }

  firstTokenPoints(): [number, number][] {
    return [...this.#firstTokens].sort((a, b) => a[0] - b[0]);
  }

  /** Pieces of text per second. The last interval is not whole and left out. */
  throughputPoints(): [number, number][] {
    const moments = Math.floor(this.#lastEndMs / this.#momentMs);
    return Array.from({ length: moments }, (_, moment) => {
      const tokens = this.#tokensByMoment.get(moment) ?? 0;
      return [moment * this.#momentMs, (tokens / this.#momentMs) * 1000];
    });
  }
}
