import type { GenerationResult, QueuePosition, TokenLogprob } from './types.js';

/** What an answer brings beside its text: what the model thinks, and functions it calls. */
export type AnswerDelta =
  | { readonly kind: 'reasoning'; readonly text: string }
  /** A call begins; `call` counts from 0. `id` is plain, `name` as text is. */
  | { readonly kind: 'call'; readonly call: number; readonly id: string; readonly name: string }
  | { readonly kind: 'arguments'; readonly call: number; readonly text: string };

/** How a generation ended; what it said is with whoever collected it. */
export type GenerationEnd = Omit<GenerationResult, 'text' | 'logprobs' | 'reasoning' | 'toolCalls'> & {
  /** Calls it made. */
  readonly toolCalls: number;
  /** Microseconds on the clock of `process.hrtime`. */
  readonly moments: { readonly submittedUs: number; readonly firstTokenUs: number; readonly endedUs: number };
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
  /** Only of chats. Text in it is JSON-escaped as in `onText`. */
  onDelta?(delta: AnswerDelta, tokens: number, logprobs: readonly TokenLogprob[] | undefined): void;
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
