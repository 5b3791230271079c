import type { GenerationEnd } from '../api/token-sink.js';
import type { Tier } from '../native-types.js';
import type { RequestOutcome, RequestPhases, RequestProfile } from './request-profile.js';

/** What is known of a request when it ends, besides what its generations said. */
export interface RequestFacts {
  readonly requestId: string;
  readonly route: string;
  readonly status: number;
  readonly errorCode: string | undefined;
  readonly traceId: string | undefined;
  readonly arrivedUs: number;
  readonly endedUs: number;
  readonly memoryBytes: number;
}

const microsecondsPerMs = 1000;
/** Between the clock of `process.hrtime` and `performance.now()`, which run alike. */
const hrtimeAtZeroUs = Number(process.hrtime.bigint() / 1000n) - performance.now() * microsecondsPerMs;

/** A time by `performance.now()` as microseconds of `process.hrtime`, the engine's clock. */
export function engineClockUs(ms: number): number {
  return ms * microsecondsPerMs + hrtimeAtZeroUs;
}

/** Unix milliseconds of a moment of the engine's clock. */
function unixMsOf(us: number): number {
  return performance.timeOrigin + (us - hrtimeAtZeroUs) / microsecondsPerMs;
}

/** The whole of a request that never reached the engine is receiving it. */
function unsubmitted(totalUs: number): RequestPhases {
  const receive = totalUs / microsecondsPerMs;
  return { receive, tokenize: 0, queue: 0, prefill: 0, decode: 0, detokenize: 0, serialize: 0 };
}

/** Gathers what one request goes through. Costs a few assignments per generation and nothing per token. */
export class RequestRecorder {
  readonly #ends: GenerationEnd[] = [];
  #model: string | undefined;
  #tier: Tier | undefined;
  #user: string | undefined;
  #stream = false;
  #submitted = 0;
  #complete: (() => void) | undefined;

  scheduled(model: string, tier: Tier, user: string): void {
    this.#model = model;
    this.#tier = tier;
    this.#user = user === '' ? undefined : user;
  }

  get model(): string | undefined {
    return this.#model;
  }

  streams(): void {
    this.#stream = true;
  }

  submitted(): void {
    this.#submitted++;
  }

  generationEnded(end: GenerationEnd): void {
    this.#ends.push(end);
    if (this.#ends.length === this.#submitted) this.#complete?.();
  }

  /** The request has ended. Calls back when its generations have, too: those of a client that has left are being cancelled. */
  finish(facts: RequestFacts, done: (profile: RequestProfile) => void): void {
    this.#complete = () => {
      this.#complete = undefined;
      done(this.#profile(facts));
    };
    if (this.#ends.length === this.#submitted) this.#complete();
  }

  #profile(facts: RequestFacts): RequestProfile {
    const { arrivedUs, status } = facts;
    const last = this.#last();
    const endedUs = Math.max(facts.endedUs, last?.moments.endedUs ?? 0);
    const first = Math.min(...this.#ends.map(({ moments }) => moments.firstTokenUs).filter((us) => us > 0));
    const sum = (count: (end: GenerationEnd) => number): number =>
      this.#ends.reduce((total, end) => total + count(end), 0);
    return {
      requestId: facts.requestId,
      timestampMs: Math.round(unixMsOf(arrivedUs)),
      route: facts.route,
      model: this.#model,
      tier: this.#tier,
      user: this.#user,
      stream: this.#stream,
      status,
      outcome: this.#outcome(status, last),
      errorCode: facts.errorCode ?? last?.error?.code,
      traceId: facts.traceId,
      totalMs: (endedUs - arrivedUs) / microsecondsPerMs,
      phases: last === undefined ? unsubmitted(endedUs - arrivedUs) : phasesOf(last, arrivedUs, endedUs),
      firstTokenMs: Number.isFinite(first) ? (first - arrivedUs) / microsecondsPerMs : undefined,
      interTokenMs: last === undefined ? undefined : interTokenMsOf(last),
      inputTokens: sum(({ usage }) => usage.promptTokens),
      cachedTokens: sum(({ usage }) => usage.cachedTokens),
      outputTokens: sum(({ usage }) => usage.completionTokens),
      draftedTokens: sum(({ usage }) => usage.draftedTokens),
      acceptedTokens: sum(({ usage }) => usage.acceptedTokens),
      preemptions: sum(({ preemptions }) => preemptions),
      memoryBytes: facts.memoryBytes,
    };
  }

  /** The generation that the request was waiting for. */
  #last(): GenerationEnd | undefined {
    return this.#ends.reduce<GenerationEnd | undefined>(
      (last, end) => (last === undefined || end.moments.endedUs > last.moments.endedUs ? end : last),
      undefined,
    );
  }

  #outcome(status: number, last: GenerationEnd | undefined): RequestOutcome {
    if (last?.stopReason === 'error' || (this.#submitted > 0 && status >= 400 && status !== 499)) return 'error';
    if (status === 499 || last?.stopReason === 'cancelled') return 'cancelled';
    if (status >= 400) return 'refused';
    return last?.stopReason ?? 'done';
  }
}

function interTokenMsOf({ moments, usage }: GenerationEnd): number | undefined {
  if (usage.completionTokens < 2 || moments.firstTokenUs === 0) return undefined;
  return (moments.endedUs - moments.firstTokenUs) / (usage.completionTokens - 1) / microsecondsPerMs;
}

function phasesOf({ timings, moments }: GenerationEnd, arrivedUs: number, endedUs: number): RequestPhases {
  return {
    receive: (moments.submittedUs - arrivedUs) / microsecondsPerMs,
    tokenize: timings.tokenizeMs,
    queue: timings.queueMs,
    prefill: timings.prefillMs,
    decode: timings.decodeMs,
    detokenize: timings.detokenizeMs,
    serialize: (endedUs - moments.endedUs) / microsecondsPerMs,
  };
}
