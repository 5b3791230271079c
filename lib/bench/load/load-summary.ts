/** What all requests of a load say together, collected as they end, in bounded memory. */
import { Samples, type Distribution } from '../measure/samples.js';
import type { GeneratorHealth } from './generator-watch.js';
import { gapsOf, meets, timeToFirstToken, type LatencyTargets, type RequestRecord } from './request-record.js';

export interface LoadSummary {
  /** Requests that count, whatever came of them; the warm-up does not, nor what was cut off when the load was stopped. */
  readonly requests: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Left as planned. */
  readonly cancelled: number;
  readonly aborted: number;
  /** `closed`, `timeout`, … and `http 503` and the like. */
  readonly errors: Readonly<Record<string, number>>;
  /** The words of the first failure of each kind. */
  readonly firstFailures: Readonly<Record<string, string>>;
  /** From the first intended sending to the last end. */
  readonly spanMs: number;
  /** Milliseconds; undefined when nothing was measured. All but the gaps count from the intended sending. */
  readonly firstTokenMs: Distribution | undefined;
  readonly interTokenMs: Distribution | undefined;
  /** Of complete answers. */
  readonly endToEndMs: Distribution | undefined;
  readonly tokens: number;
  readonly tokensPerSecond: number;
  /** Complete answers. */
  readonly requestsPerSecond: number;
  readonly goodput: Goodput | undefined;
  readonly generator: GeneratorHealth;
}

/** Complete answers within the latency targets. */
export interface Goodput {
  readonly targets: LatencyTargets;
  readonly requests: number;
  readonly perSecond: number;
  /** Of all requests that count, 0 to 1. */
  readonly share: number;
}

/** Kinds of failures that are told apart; a server could invent any number of statuses. */
const kindLimit = 100;

export class SummaryBuilder {
  readonly #targets: LatencyTargets | undefined;
  readonly #firstToken: Samples;
  readonly #interToken: Samples;
  readonly #endToEnd: Samples;
  readonly #lateness: Samples;
  readonly #errors = new Map<string, { count: number; readonly first: string }>();
  readonly #counts = { ok: 0, failed: 0, cancelled: 0, aborted: 0 };
  #good = 0;
  #tokens = 0;
  #firstIntended = Infinity;
  #lastEnd = -Infinity;

  /** `keepSamples`: of each latency, see `Samples`. */
  constructor(targets: LatencyTargets | undefined, keepSamples?: number) {
    this.#targets = targets;
    this.#firstToken = new Samples(keepSamples);
    this.#interToken = new Samples(keepSamples);
    this.#endToEnd = new Samples(keepSamples);
    this.#lateness = new Samples(keepSamples);
  }

  add(record: RequestRecord): void {
    const { outcome, failure, status, intendedAt, sentAt, endedAt } = record;
    this.#counts[outcome]++;
    if (sentAt !== null) this.#lateness.add(sentAt - intendedAt);
    if (outcome === 'aborted') return;
    this.#firstIntended = Math.min(this.#firstIntended, intendedAt);
    this.#lastEnd = Math.max(this.#lastEnd, endedAt);
    this.#tokens += record.tokens;
    if (failure !== null)
      this.#countError(failure.kind === 'http' ? `http ${String(status)}` : failure.kind, failure.message);
    const first = timeToFirstToken(record);
    if (first !== undefined) this.#firstToken.add(first);
    for (const gap of gapsOf(record)) this.#interToken.add(gap);
    if (outcome === 'ok') this.#endToEnd.add(endedAt - intendedAt);
    if (this.#targets !== undefined && meets(record, this.#targets)) this.#good++;
  }

  summary(generatorOf: (lateness: Distribution | undefined) => GeneratorHealth): LoadSummary {
    const { ok, failed, cancelled, aborted } = this.#counts;
    const requests = ok + failed + cancelled;
    const spanMs = requests === 0 ? 0 : this.#lastEnd - this.#firstIntended;
    const perSecond = (count: number): number => (spanMs > 0 ? (count / spanMs) * 1000 : 0);
    return {
      ...{ requests, succeeded: ok, failed, cancelled, aborted },
      errors: Object.fromEntries([...this.#errors].map(([kind, { count }]) => [kind, count])),
      firstFailures: Object.fromEntries([...this.#errors].map(([kind, { first }]) => [kind, first])),
      spanMs,
      firstTokenMs: this.#firstToken.distribution(),
      interTokenMs: this.#interToken.distribution(),
      endToEndMs: this.#endToEnd.distribution(),
      tokens: this.#tokens,
      tokensPerSecond: perSecond(this.#tokens),
      requestsPerSecond: perSecond(ok),
      goodput:
        this.#targets === undefined
          ? undefined
          : {
              targets: this.#targets,
              requests: this.#good,
              perSecond: perSecond(this.#good),
              share: requests === 0 ? 0 : this.#good / requests,
            },
      generator: generatorOf(this.#lateness.distribution()),
    };
  }

  #countError(kind: string, message: string): void {
    const known = this.#errors.get(kind);
    if (known !== undefined) known.count++;
    else if (this.#errors.size < kindLimit) this.#errors.set(kind, { count: 1, first: message });
  }
}
