/** What sessions of one kind may use, and how long they have. */
export interface SessionOptions {
  /** Sessions, those that may still be resumed included. */
  readonly maxConnections: number;
  /** Streams at a time of one session. */
  readonly maxStreams: number;
  /** Messages of one stream that its window holds. */
  readonly maxPendingMessages: number;
  /** Tokens of one stream that its window holds. */
  readonly maxUnacknowledgedTokens: number;
  /** How long the streams of a lost connection wait to be resumed; 0 is not at all. */
  readonly resumeGraceMs: number;
  /** Bytes of streams that were sent to their end and may still be asked for again, all together. */
  readonly maxRetainedBytes: number;
}
