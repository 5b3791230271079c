import type { SessionOptions } from '../sessions/session-options.js';

/** What clients of /v1/stream/sse may use, and how long they have. */
export interface EventStreamOptions {
  /** Streams at a time, those that may still be resumed included; default 20,000. Beyond it requests get 503. */
  readonly maxStreams?: number;
  /**
   * The last messages of a stream that are kept to be sent again, 1 or more; default 1,000. Of no stream more than 10,000
   * tokens or `limits.maxBufferedBytes` are kept.
   */
  readonly retainedMessages?: number;
  /** Bytes kept of streams that were sent to their end, all together; default 64 MiB. */
  readonly maxRetainedBytes?: number;
  /** How long a lost stream waits to be resumed, and one that has ended can be asked for again; default 30,000; 0 is not at all. */
  readonly resumeGraceMs?: number;
  /** How long browsers wait before they come back; default 1,000. */
  readonly retryMs?: number;
}

export interface ResolvedEventStreamOptions extends SessionOptions {
  readonly retryMs: number;
}

const mebibyte = 1024 * 1024;
const defaults: Required<EventStreamOptions> = {
  maxStreams: 20_000,
  retainedMessages: 1000,
  maxRetainedBytes: 64 * mebibyte,
  resumeGraceMs: 30_000,
  retryMs: 1000,
};

/** Longer timers fire at once in Node.js. */
const longestMs = 2_147_483_647;
const ranges: Readonly<Record<keyof EventStreamOptions, readonly [least: number, most: number]>> = {
  maxStreams: [1, 1_000_000],
  retainedMessages: [1, 1_000_000],
  maxRetainedBytes: [0, Number.MAX_SAFE_INTEGER],
  resumeGraceMs: [0, longestMs],
  retryMs: [1, longestMs],
};

/** @throws RangeError for what is out of range. */
export function resolveEventStreams(options: EventStreamOptions = {}): ResolvedEventStreamOptions {
  const resolved = { ...defaults };
  for (const name of Object.keys(ranges) as (keyof EventStreamOptions)[]) {
    const value = options[name];
    if (value === undefined) continue;
    const [least, most] = ranges[name];
    if (!Number.isSafeInteger(value) || value < least || value > most) {
      const range = `a whole number from ${String(least)} to ${String(most)}`;
      throw new RangeError(`Expected ${range} for eventStreams.${name} but received ${String(value)}.`);
    }
    resolved[name] = value;
  }
  const { maxStreams, retainedMessages, maxRetainedBytes, resumeGraceMs, retryMs } = resolved;
  return {
    maxConnections: maxStreams,
    maxStreams: 1,
    maxPendingMessages: retainedMessages,
    maxUnacknowledgedTokens: 10_000,
    resumeGraceMs,
    maxRetainedBytes,
    retryMs,
  };
}
