import type { Tracer } from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';

/** Spans for every request. What is not given comes from the standard `OTEL_*` environment variables. */
export interface TracingOptions {
  /** Where spans go: to a collector over HTTP (default), to stdout, or to an exporter of your own. */
  readonly exporter?: 'otlp' | 'console' | SpanExporter;
  /** Of the collector; `/v1/traces` is appended unless it ends with it. Default: OTEL_EXPORTER_OTLP_ENDPOINT, else http://localhost:4318. */
  readonly endpoint?: string;
  /** Sent to the collector, e.g. a key; besides those of OTEL_EXPORTER_OTLP_HEADERS. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Share of the traces begun here that are recorded, 0 to 1; requests with a `traceparent` follow its flag. Default: OTEL_TRACES_SAMPLER, else 1. */
  readonly sampleRatio?: number;
  /** Default: OTEL_SERVICE_NAME, else `inferno`. */
  readonly serviceName?: string;
  /** Spans carry prompts and answers; default false. */
  readonly captureContent?: boolean;
  /** How long closing the server may wait for the last spans to be taken; default 3,000. */
  readonly flushTimeoutMs?: number;
  /** Told once that spans cannot be delivered, and of settings that cannot be used; default: a process warning. */
  readonly onWarning?: (sentence: string) => void;
  /** Makes the spans with the SDK that this program runs already, which then decides where they go; no other is started. */
  readonly tracer?: Tracer;
}

/** An SDK of our own. */
export interface OwnSdk {
  readonly exporter: 'otlp' | 'console' | SpanExporter;
  /** Undefined: the environment's. */
  readonly url: string | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;
  /** Undefined: the environment's sampler. */
  readonly sampleRatio: number | undefined;
  readonly serviceName: string | undefined;
}

export interface ResolvedTracing {
  readonly source: { readonly tracer: Tracer } | { readonly sdk: OwnSdk };
  readonly captureContent: boolean;
  readonly flushTimeoutMs: number;
  readonly onWarning: (sentence: string) => void;
}

type Environment = Readonly<Record<string, string | undefined>>;

const tracesPath = '/v1/traces';
const flushDefaultMs = 3000;
const longestFlushMs = 600_000;
const samplers: ReadonlySet<string> = new Set([
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
]);
/** Of the options, those that are about an SDK of our own. */
const sdkOptions = ['exporter', 'endpoint', 'headers', 'sampleRatio', 'serviceName'] as const;

function warnProcess(sentence: string): void {
  process.emitWarning(sentence, 'InfernoTracingWarning');
}

/** The specification wants an empty variable to be none. */
function valueOf(environment: Environment, name: string): string | undefined {
  const value = environment[name]?.trim();
  return value === '' ? undefined : value;
}

function tracesUrl(endpoint: string | undefined): string | undefined {
  if (endpoint === undefined) return undefined;
  if (!URL.canParse(endpoint) || !/^https?:$/u.test(new URL(endpoint).protocol)) {
    throw new RangeError(
      `Expected an http or https URL for tracing.endpoint but received ${JSON.stringify(endpoint.slice(0, 200))}.`,
    );
  }
  const url = new URL(endpoint);
  const path = url.pathname.replace(/\/+$/u, '');
  url.pathname = path.endsWith(tracesPath) ? path : path + tracesPath;
  return url.href;
}

/** What the environment asks for and cannot have: the SDK would fall back without a word. */
function environmentWarnings(environment: Environment, { sampleRatio, exporter }: TracingOptions): string[] {
  const warnings: string[] = [];
  const sampler = valueOf(environment, 'OTEL_TRACES_SAMPLER');
  if (sampleRatio === undefined && sampler !== undefined) {
    const ratio = Number(valueOf(environment, 'OTEL_TRACES_SAMPLER_ARG') ?? 'NaN');
    if (!samplers.has(sampler)) {
      warnings.push(`OTEL_TRACES_SAMPLER is ${JSON.stringify(sampler)}, which is no sampler; everything is recorded.`);
    } else if (sampler.endsWith('traceidratio') && !(ratio >= 0 && ratio <= 1)) {
      warnings.push('OTEL_TRACES_SAMPLER_ARG is no number from 0 to 1; everything is recorded.');
    }
  }
  const protocol =
    valueOf(environment, 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? valueOf(environment, 'OTEL_EXPORTER_OTLP_PROTOCOL');
  if ((exporter ?? 'otlp') === 'otlp' && protocol === 'grpc') {
    warnings.push(
      'OTEL_EXPORTER_OTLP_PROTOCOL is grpc, but spans are sent as JSON over HTTP, by default to port 4318.',
    );
  }
  return warnings;
}

function checkNumbers({ sampleRatio, flushTimeoutMs }: TracingOptions): void {
  if (sampleRatio !== undefined && !(sampleRatio >= 0 && sampleRatio <= 1)) {
    throw new RangeError(`Expected a number from 0 to 1 for tracing.sampleRatio but received ${String(sampleRatio)}.`);
  }
  if (flushTimeoutMs !== undefined && !(flushTimeoutMs >= 0 && flushTimeoutMs <= longestFlushMs)) {
    throw new RangeError(
      `Expected a number from 0 to ${String(longestFlushMs)} for tracing.flushTimeoutMs but received ${String(flushTimeoutMs)}.`,
    );
  }
}

/**
 * Undefined when OTEL_SDK_DISABLED switches it off.
 *
 * @throws RangeError for values out of range; TypeError for a tracer together with settings of an SDK.
 */
export function resolveTracing(options: TracingOptions, environment: Environment): ResolvedTracing | undefined {
  const { tracer, exporter = 'otlp', onWarning = warnProcess } = options;
  checkNumbers(options);
  const shared = {
    captureContent: options.captureContent ?? false,
    flushTimeoutMs: options.flushTimeoutMs ?? flushDefaultMs,
    onWarning,
  };
  if (tracer !== undefined) {
    const besides = sdkOptions.find((name) => options[name] !== undefined);
    if (besides !== undefined) {
      throw new TypeError(`Expected either tracing.tracer or tracing.${besides}: a tracer brings an SDK of its own.`);
    }
    return { source: { tracer }, ...shared };
  }
  const url = tracesUrl(options.endpoint);
  if (valueOf(environment, 'OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return undefined;
  for (const warning of environmentWarnings(environment, options)) onWarning(warning);
  const { headers, sampleRatio, serviceName } = options;
  return { source: { sdk: { exporter, url, headers, sampleRatio, serviceName } }, ...shared };
}
