/** What the benchmark and its client process say to each other. */
import type { Arrivals } from '../lib/bench/load/arrivals.js';
import type { LoadSummary } from '../lib/bench/load/load-summary.js';
import type { LatencyTargets, RequestRecord } from '../lib/bench/load/request-record.js';
import type { LoadRequest } from '../lib/bench/load/transport.js';
import type { CompletionRecord } from './completion-record.js';
import type { HttpRequest } from './recorded-exchange.js';

/** Streams that start together. */
export interface StreamsJob {
  readonly kind: 'streams';
  readonly port: number;
  readonly requests: readonly HttpRequest[];
  /** What runs longer is cut off. */
  readonly capMs: number;
  /** Is sent once every stream has delivered this many pieces; when it is answered, the streams are cut off. */
  readonly late?: { readonly afterPieces: number; readonly request: HttpRequest };
}

export interface StreamsResult {
  readonly streams: readonly CompletionRecord[];
  readonly late?: CompletionRecord;
  /** Share of its core that the client used meanwhile, 0 to 1. Near 1 it was the client that was measured. */
  readonly clientLoad: number;
}

export interface PlannedRequest {
  readonly request: HttpRequest;
  /** From the start of the job; it is sent later when too many are open then. */
  readonly atMs: number;
}

/** Requests that are sent in their order, each at its time, with at most `atOnce` open. Each connects just before. */
export interface LoadJob {
  readonly kind: 'load';
  readonly port: number;
  readonly requests: readonly PlannedRequest[];
  readonly atOnce: number;
  /** What is not answered by then is cut off, what is not sent never is. */
  readonly capMs: number;
}

export interface LoadResult {
  /** In the order of the requests; fewer when the time was up. */
  readonly answers: readonly CompletionRecord[];
  /** Of the job, by the clock of the answers' times. */
  readonly startedAt: number;
  readonly clientLoad: number;
}

/** A request whose connection is closed while the server works on it. */
export interface CancelJob {
  readonly kind: 'cancel';
  readonly port: number;
  /** The server's. */
  readonly pid: number;
  readonly request: HttpRequest;
  /** Disconnect after this many pieces of the answer and this long. */
  readonly afterPieces: number;
  readonly afterMs: number;
  readonly capMs: number;
}

export interface CancelResult {
  /** From the disconnect until the server was at rest; null when it was still computing after `capMs`. */
  readonly stoppedAfterMs: number | null;
  /** Share of a core that the server used just before the disconnect. */
  readonly loadBefore: number;
  /** Events that had come by then. */
  readonly events: number;
  readonly failure: string | null;
}

/** One load of the generator (`lib/bench/load`) on POST /v1/completions. */
export interface GeneratedLoad {
  readonly arrivals: Arrivals;
  /** Sent in this order, and again from the first when more are needed. */
  readonly requests: readonly LoadRequest[];
  /** How many are sent, and for how long; at least one of both. */
  readonly count?: number;
  readonly durationMs?: number;
  readonly targets?: LatencyTargets;
  readonly timeoutMs?: number;
  /** Default http. WebSockets are Inferno's own. */
  readonly transport?: 'http' | 'websocket';
}

/** Loads that run side by side. When one of a given count ends, the others stop. */
export interface GenerateJob {
  readonly kind: 'generate';
  readonly port: number;
  readonly loads: readonly GeneratedLoad[];
  /** Of each load, at most so many records come back. */
  readonly keepRecords: number;
}

export interface GeneratedResult {
  readonly summary: LoadSummary;
  readonly records: readonly RequestRecord[];
}

export type ClientJob = StreamsJob | LoadJob | CancelJob | GenerateJob;
export type ClientReply<Result> = { readonly result: Result } | { readonly error: string };
