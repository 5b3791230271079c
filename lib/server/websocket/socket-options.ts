/** What WebSocket clients may use, and how long they have. */
export interface WebSocketOptions {
  /** Connections, those that may still be resumed included; default 20,000. Beyond it upgrades get 503. */
  readonly maxConnections?: number;
  /** Streams at a time on one connection; default 64. */
  readonly maxStreams?: number;
  /** Messages of one stream that are not acknowledged or not sent yet, before its decoder pauses; default 1,000. */
  readonly maxPendingMessages?: number;
  /** Tokens of one stream that are not acknowledged, before its decoder pauses; default 10,000. */
  readonly maxUnacknowledgedTokens?: number;
  /** How long the streams of a lost connection wait to be resumed; default 30,000; 0 is not at all. */
  readonly resumeGraceMs?: number;
  /** A client that neither sends nor answers pings for so long is dropped; 8 to 960, default 120. */
  readonly idleTimeoutSeconds?: number;
  /**
   * permessage-deflate for clients that offer it: 'shared' compresses every message by itself and costs a connection no
   * memory; 'dedicated' keeps what was sent before as a dictionary (some kilobytes a connection), which makes small
   * chunks much smaller; 'off' declines. Default 'shared'.
   */
  readonly compression?: 'shared' | 'dedicated' | 'off';
}

export type ResolvedWebSocketOptions = Required<WebSocketOptions>;

const defaults: ResolvedWebSocketOptions = {
  maxConnections: 20_000,
  maxStreams: 64,
  maxPendingMessages: 1000,
  maxUnacknowledgedTokens: 10_000,
  resumeGraceMs: 30_000,
  idleTimeoutSeconds: 120,
  compression: 'shared',
};

type Range = readonly [least: number, most: number];

/** Longer timers fire at once in Node.js. */
const longestMs = 2_147_483_647;
const ranges: Readonly<Record<Exclude<keyof ResolvedWebSocketOptions, 'compression'>, Range>> = {
  maxConnections: [1, 1_000_000],
  maxStreams: [1, 100_000],
  maxPendingMessages: [1, 1_000_000],
  maxUnacknowledgedTokens: [1, 100_000_000],
  resumeGraceMs: [0, longestMs],
  idleTimeoutSeconds: [8, 960],
};

/** @throws RangeError for what is out of range. */
export function resolveWebSocketOptions(options: WebSocketOptions = {}): ResolvedWebSocketOptions {
  const resolved = { ...defaults };
  for (const name of Object.keys(ranges) as (keyof typeof ranges)[]) {
    const value = options[name];
    if (value === undefined) continue;
    const [least, most] = ranges[name];
    if (!Number.isSafeInteger(value) || value < least || value > most) {
      const range = `a whole number from ${String(least)} to ${String(most)}`;
      throw new RangeError(`Expected ${range} for webSocket.${name} but received ${String(value)}.`);
    }
    resolved[name] = value;
  }
  const { compression = defaults.compression } = options;
  if (!['shared', 'dedicated', 'off'].includes(compression)) {
    throw new RangeError(`Expected shared, dedicated or off for webSocket.compression but received ${compression}.`);
  }
  return { ...resolved, compression };
}
