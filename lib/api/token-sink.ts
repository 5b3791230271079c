import type { GenerationResult, QueuePosition, TokenLogprob } from './types.js';

/** How a generation ended; the text is with whoever collected it. */
export type GenerationEnd = Omit<GenerationResult, 'text' | 'logprobs'> & {
  /** Microseconds on the clock of `process.hrtime`. */
  readonly moments: { readonly submittedUs: number; readonly firstTokenUs: number; readonly endedUs: number };
  readonly draftedTokens: number;
  readonly acceptedTokens: number;
  readonly preemptions: number;
  readonly error?: { readonly code: string; readonly message: string };
};

/**
 * Receives one generation's events on the JS thread, in order: any number of `onText`, then exactly one `onEnd`.
 * Calls happen inside a drain (one wake of JS for all streams of a model). After the last event of a drain that
 * touched this sink, `onFlush` is called once, so that a socket writes once per wake.
 * Must not throw: a sink that does hears nothing more, its generation is cancelled and the error is reported as uncaught.
 * May call `submit`; the new generation's events come in later drains.
 */
export interface TokenSink {
  /** `text` is JSON-escaped if the request asked for `escapeJson`. `tokens` ≥ 0; text may be empty with logprobs only. */
  onText(text: string, tokens: number, logprobs: readonly TokenLogprob[] | undefined): void;
  onEnd(end: GenerationEnd): void;
  onFlush?(): void;
}

/** A running generation, as its submitter holds it. All methods are idempotent and do nothing once it has ended. */
export interface TokenStream {
  cancel(): void;
  /** Stops this sequence only, until `resume`; used when the consumer does not drain. */
  pause(): void;
  resume(): void;
  /** Where it stands; undefined once it has ended. */
  position(): QueuePosition | undefined;
}
