import type { BackgroundOptions } from './background-options.js';
import type { ProfilingOptions } from './metrics/open-meter.js';
import type { ModelSource } from './model-catalog.js';
import type { PriorityOptions } from './priority-policy.js';
import type { QueueHealthThresholds } from './queue-health.js';
import type { RequestDefaults } from './request-defaults.js';
import type { ServerLimits } from './server-limits.js';
import type { TracingOptions } from '../tracing/tracing-options.js';
import type { TokenBatchingOptions } from './frame-batching.js';
import type { EventStreamOptions } from './sse/event-stream-options.js';
import type { WebSocketOptions } from './websocket/socket-options.js';

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
  /**
   * Requests that name a model which is not served are answered by the first one, whose name the answers bear. Default
   * false: they get 404.
   */
  readonly anyModelName?: boolean;
  /** Who may ask for which priority; default: everybody for up to 'high'. */
  readonly priorities?: PriorityOptions;
  /** Takes requests with `"background": true`; default: refuses them. */
  readonly background?: BackgroundOptions;
  /** OpenTelemetry spans for every request; default: none, and nothing of OpenTelemetry is loaded. */
  readonly tracing?: TracingOptions;
  /** From when on GET /health calls the queue degraded or critical. */
  readonly queueHealth?: Partial<QueueHealthThresholds>;
}
