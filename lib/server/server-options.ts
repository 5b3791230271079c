import type { BackgroundOptions } from './background-options.js';
import type { ProfilingOptions } from './metrics/open-meter.js';
import type { ModelSource } from './model-catalog.js';
import type { PriorityOptions } from './priority-policy.js';
import type { QueueHealthThresholds } from './queue-health.js';
import type { RequestDefaults } from './request-defaults.js';
import type { TracingOptions } from '../tracing/tracing-options.js';
import type { TokenBatchingOptions } from './frame-batching.js';
import type { EventStreamOptions } from './sse/event-stream-options.js';
import type { WebSocketOptions } from './websocket/socket-options.js';

/** Bounds that keep one client, or many, from exhausting the server. */
export interface ServerLimits {
  /** Largest request body; default 8 MiB. */
  readonly maxBodyBytes?: number;
  /** Bodies being read, all together; default 256 MiB. Beyond it new requests get 429. */
  readonly maxBodyBytesTotal?: number;
  /** Generations that run or wait, all together; default 4096. Beyond it new requests get 429. */
  readonly maxGenerations?: number;
  /** Time for the whole body to arrive; default 30,000. */
  readonly bodyTimeoutMs?: number;
  /** A client that takes nothing of what was sent to it for this long is dropped; default 30,000. */
  readonly stallTimeoutMs?: number;
  /** Bytes kept for one client that does not drain; default 1 MiB. Beyond it the client is dropped. */
  readonly maxBufferedBytes?: number;
  /** A stream that has been silent this long gets an SSE comment, so that proxies keep it; default 30,000; 0 is off. */
  readonly heartbeatMs?: number;
  /**
   * An answer may take this long from when its sequence begins to compute, however it is sent; default 300,000; 0 is any
   * time. It ends with `inference_timeout`.
   */
  readonly inferenceTimeoutMs?: number;
  /** The next token of an answer that has begun may take this long; default 30,000; 0 is any time. Else `token_timeout`. */
  readonly tokenTimeoutMs?: number;
  /** How long something may stay unacknowledged on a stream with acknowledgements; default 30,000. Else `ack_timeout`. */
  readonly ackTimeoutMs?: number;
  /** Inputs of one request for embeddings or classes; default 100. */
  readonly maxEmbeddingInputs?: number;
  /** Documents of one request for reranking; default 1000. */
  readonly maxRerankDocuments?: number;
  /** How long a request waits for its model to be loaded before it gets 503; default 60,000. */
  readonly modelWaitMs?: number;
}

export interface ServerOptions {
  /** The models served, by id; the first one answers requests that name none. At least one. */
  readonly models: readonly ModelSource[];
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 8080; 0 takes a free port. */
  readonly port?: number;
  /** With keys, everything under /v1 needs `Authorization: Bearer KEY`. */
  readonly apiKeys?: readonly string[];
  /** Origins whose pages may call the server, over HTTP and WebSockets: `true` for any, or a list. Default none. */
  readonly cors?: boolean | readonly string[];
  /**
   * Names by which the server may be called, without port; '*' for any. Default: those of loopback when it listens on
   * loopback only, else any. Names given here are taken besides those of loopback.
   */
  readonly allowedHosts?: readonly string[];
  readonly limits?: ServerLimits;
  /** Fields of requests, for requests that do not say, e.g. `{ temperature: 0.2, n_predict: 512 }`. */
  readonly defaults?: RequestDefaults;
  /** GET /slots says how many sequences are busy; default true. */
  readonly slots?: boolean;
  readonly webSocket?: WebSocketOptions;
  /** Streams of named events, at /v1/stream/sse. */
  readonly eventStreams?: EventStreamOptions;
  /**
   * Gathers tokens of streamed answers into frames of at most three that wait at most 50 ms; the first token of an answer
   * never waits. `true` for every stream, an object to say how many and how long. Default: only for streams that ask for it.
   */
  readonly tokenBatching?: boolean | TokenBatchingOptions;
  /**
   * Answers of more than 1 KiB and streams are compressed for clients that accept zstd, br, gzip or deflate; default true.
   * It costs some ten microseconds per event, and pays where the network is slower than that.
   */
  readonly compression?: boolean;
  /** What is measured of requests, for /metrics; `false` measures nothing. */
  readonly profiling?: ProfilingOptions | false;
  /**
   * Memory that models may hold together, in bytes; default: 90 % of what this process may use. Models that the server
   * loads itself make room for each other within it.
   */
  readonly memoryBudgetBytes?: number;
  /** Who may ask for which priority; default: everybody for up to 'high'. */
  readonly priorities?: PriorityOptions;
  /** Takes requests with `"background": true`; default: refuses them. */
  readonly background?: BackgroundOptions;
  /** OpenTelemetry spans for every request; default: none, and nothing of OpenTelemetry is loaded. */
  readonly tracing?: TracingOptions;
  /** From when on GET /health calls the queue degraded or critical. */
  readonly queueHealth?: Partial<QueueHealthThresholds>;
}

export type ResolvedLimits = Required<ServerLimits>;

const defaultLimits: ResolvedLimits = {
  maxBodyBytes: 8 * 1024 * 1024,
  maxBodyBytesTotal: 256 * 1024 * 1024,
  maxGenerations: 4096,
  bodyTimeoutMs: 30_000,
  stallTimeoutMs: 30_000,
  maxBufferedBytes: 1024 * 1024,
  heartbeatMs: 30_000,
  inferenceTimeoutMs: 300_000,
  tokenTimeoutMs: 30_000,
  ackTimeoutMs: 30_000,
  modelWaitMs: 60_000,
  maxEmbeddingInputs: 100,
  maxRerankDocuments: 1000,
};

/** For these 0 is never. */
const mayBeOff: ReadonlySet<keyof ResolvedLimits> = new Set(['heartbeatMs', 'inferenceTimeoutMs', 'tokenTimeoutMs']);

/** REQUIRES: every given value is a finite number; throws RangeError otherwise. */
export function resolveLimits(limits: ServerLimits = {}): ResolvedLimits {
  const resolved = { ...defaultLimits };
  for (const name of Object.keys(defaultLimits) as (keyof ResolvedLimits)[]) {
    const value = limits[name];
    if (value === undefined) continue;
    const least = mayBeOff.has(name) ? 0 : 1;
    if (!Number.isSafeInteger(value) || value < least) {
      throw new RangeError(
        `Expected a whole number from ${String(least)} for limits.${name} but received ${String(value)}.`,
      );
    }
    resolved[name] = value;
  }
  return resolved;
}
