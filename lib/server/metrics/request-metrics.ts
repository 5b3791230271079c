import { Counter, Histogram } from 'prom-client';
import type { RequestProfile } from '../../profile/request-profile.js';
import type { EndedRequest } from './ended-request.js';
import { Registries } from './registries.js';

const msPerSecond = 1000;
/** Seconds; fine where answers feel fast, coarse where they do not. */
export const durationBuckets = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300,
];

type Facts = Pick<EndedRequest, 'route' | 'status' | 'errorCode'>;
const perModel = ['model', 'priority'] as const;

/**
 * What is counted and timed per request, for Prometheus. Label values come from routes, models that exist, priorities, statuses
 * and error codes, all of which are few: no client can make more series.
 */
export class RequestMetrics {
  readonly registries = new Registries();
  readonly #requests: Counter<'method' | 'route' | 'status' | 'model'>;
  readonly #errors: Counter<'code'>;
  readonly #tokens: Counter<'model' | 'kind'>;
  readonly #preemptions: Counter<'model'>;
  readonly #outcomes: Counter<'model' | 'priority' | 'outcome'>;
  readonly #histograms: Readonly<Record<'total' | 'firstToken' | 'queue' | 'prefill' | 'decode', Histogram>>;

  constructor() {
    const counter = <Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> => {
      const made = new Counter({ name, help, labelNames, registers: [] });
      this.registries.addCounter(name, made);
      return made;
    };
    const histogram = (name: string, help: string): Histogram => {
      const labelNames = [...perModel];
      const made = new Histogram({
        name,
        help,
        labelNames,
        buckets: durationBuckets,
        enableExemplars: true,
        registers: [],
      });
      this.registries.add(made);
      return made;
    };
    this.#requests = counter('inferno_http_requests_total', 'Requests that ended, by route and status.', [
      'method',
      'route',
      'status',
      'model',
    ]);
    this.#errors = counter('inferno_errors_total', 'Requests that ended with an error, by its code.', ['code']);
    this.#tokens = counter('inferno_tokens_total', 'Tokens of requests that ended.', ['model', 'kind']);
    this.#preemptions = counter('inferno_preemptions_total', 'Times a generation was parked for a better one.', [
      'model',
    ]);
    this.#outcomes = counter('inferno_inference_requests_total', 'Requests for generations, by how they ended.', [
      'model',
      'priority',
      'outcome',
    ]);
    this.#histograms = {
      total: histogram('inferno_request_duration_seconds', 'From the arrival of a request to its last byte.'),
      firstToken: histogram('inferno_time_to_first_token_seconds', 'From the arrival of a request to its first token.'),
      queue: histogram('inferno_queue_wait_seconds', 'Time that a generation waited for its turn, or was parked.'),
      prefill: histogram('inferno_prefill_seconds', 'Time from the start of a generation to its first token.'),
      decode: histogram('inferno_decode_seconds', 'Time from the first to the last token.'),
    };
  }

  /** `model`: one that exists. */
  countRequest(method: string, { route, status, errorCode }: Facts, model = ''): void {
    this.#requests.inc({ method, route, status: String(status), model });
    if (errorCode !== undefined) this.#errors.inc({ code: errorCode });
  }

  countGenerations(profile: RequestProfile, model: string): void {
    const priority = profile.tier ?? 'normal';
    this.#outcomes.inc({ model, priority, outcome: profile.outcome });
    const counts = {
      input: profile.inputTokens,
      cached: profile.cachedTokens,
      output: profile.outputTokens,
      drafted: profile.draftedTokens,
      accepted: profile.acceptedTokens,
    };
    for (const [kind, count] of Object.entries(counts)) this.#tokens.inc({ model, kind }, count);
    this.#preemptions.inc({ model }, profile.preemptions);
    const labels = { model, priority };
    const exemplar = profile.traceId === undefined ? {} : { exemplarLabels: { trace_id: profile.traceId } };
    const observe = (histogram: Histogram, ms: number | undefined): void => {
      if (ms !== undefined) histogram.observe({ labels, value: ms / msPerSecond, ...exemplar });
    };
    observe(this.#histograms.total, profile.totalMs);
    observe(this.#histograms.firstToken, profile.firstTokenMs);
    observe(this.#histograms.queue, profile.phases.queue);
    if (profile.firstTokenMs === undefined) return;
    observe(this.#histograms.prefill, profile.phases.prefill);
    observe(this.#histograms.decode, profile.phases.decode);
  }
}
