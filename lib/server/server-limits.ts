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
