import type { Tier } from '../native-types.js';

/** Milliseconds; together exactly `totalMs`. What a request did not reach is 0. */
export interface RequestPhases {
  /** From its headers to its submission: body, validation, waiting for its model or for other requests. */
  readonly receive: number;
  readonly tokenize: number;
  readonly queue: number;
  readonly prefill: number;
  readonly decode: number;
  readonly detokenize: number;
  /** From the end of its generation to the last byte with the socket. */
  readonly serialize: number;
}

/** How a request ended; `refused` ones never reached the engine. */
export type RequestOutcome = 'stop' | 'length' | 'done' | 'cancelled' | 'error' | 'refused';

/** One request that has ended. */
export interface RequestProfile {
  readonly requestId: string;
  /** Of its arrival, Unix milliseconds. */
  readonly timestampMs: number;
  readonly route: string;
  readonly model: string | undefined;
  readonly tier: Tier | undefined;
  readonly user: string | undefined;
  readonly stream: boolean;
  readonly status: number;
  readonly outcome: RequestOutcome;
  readonly errorCode: string | undefined;
  readonly traceId: string | undefined;
  readonly totalMs: number;
  readonly phases: RequestPhases;
  /** From its arrival; undefined when there was no token. */
  readonly firstTokenMs: number | undefined;
  /** Mean time between two tokens of its slowest generation. */
  readonly interTokenMs: number | undefined;
  readonly inputTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  readonly draftedTokens: number;
  readonly acceptedTokens: number;
  readonly preemptions: number;
  /** Resident memory of the process when it ended. */
  readonly memoryBytes: number;
}

/** Answer tokens per second of all of its time. */
export function throughputOf({ outputTokens, totalMs }: RequestProfile): number {
  return totalMs > 0 ? (outputTokens * 1000) / totalMs : 0;
}
