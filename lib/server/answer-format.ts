import { noTokens } from '../api/no-tokens.js';
import type { AnswerDelta, GenerationEnd } from '../api/token-sink.js';
import type { TokenLogprob, ToolCall } from '../api/types.js';
import { timingsOf } from './answer-timings.js';
import type { AnswerTimings } from './answer-timings.js';
import type { ErrorReply } from './error-response.js';

export type FinishReason = 'stop' | 'length' | 'tool_calls';

/** Token counts of one answer, all choices together, and what it took. */
export type AnswerUsage = { -readonly [Field in keyof AnswerTimings]: AnswerTimings[Field] };

/** Of an answer that has not begun. */
export function noUsage(): AnswerUsage {
  return { ...noTokens, prefillMs: 0, decodeMs: 0 };
}

/** One finished choice of an answer that is sent whole. */
export interface WholeChoice {
  readonly index: number;
  /** JSON-escaped, without quotes. */
  readonly text: string;
  /** JSON-escaped; empty when it did not think. */
  readonly reasoning: string;
  /** Names and arguments are JSON-escaped, ids are not. */
  readonly toolCalls: readonly ToolCall[];
  readonly finishReason: FinishReason;
  readonly end: GenerationEnd;
  readonly logprobs: readonly TokenLogprob[] | undefined;
}

/** What stands around each JSON text of a streamed answer, and after the last one. */
export interface PartFraming {
  readonly before: string;
  readonly after: string;
  readonly done: string;
}

/** Server-sent events. */
export const eventFraming: PartFraming = { before: 'data: ', after: '\n\n', done: 'data: [DONE]\n\n' };

/** One line per part, for who puts each into a message of its own. No part holds a line break. */
export const lineFraming: PartFraming = { before: '', after: '\n', done: '' };

/**
 * How one endpoint writes its answers. Streamed parts are complete, framed as whoever takes them wants it; their fixed
 * text is built once per choice, so that a wake costs a concatenation. `text` is JSON-escaped everywhere.
 */
export interface AnswerFormat {
  /** Parts before a choice's first text. */
  opening(index: number): string;
  text(index: number, text: string): string;
  /** Text with the logprobs of its tokens; `offset` is where the text starts in the choice, in characters. */
  textWithLogprobs(index: number, text: string, logprobs: readonly TokenLogprob[], offset: number): string;
  /** Thoughts and function calls; only of chats. */
  delta(index: number, delta: AnswerDelta, logprobs: readonly TokenLogprob[] | undefined): string;
  finish(index: number, reason: FinishReason, end: GenerationEnd): string;
  /** What comes after the last choice, [DONE] included; `usage` when it was asked for. */
  closing(usage: AnswerUsage | undefined): string;
  /** The JSON of the answer sent whole. `choices` by index. */
  whole(choices: readonly WholeChoice[], usage: AnswerUsage): string;
  /** The part that ends a started stream with an error; default: OpenAI's. */
  failure?(reply: ErrorReply): string;
}

/** The fields that end an answer. */
export function endFields(usage: AnswerUsage, choices: number): string {
  return `"usage":${usageJson(usage)},"timings":${JSON.stringify(timingsOf(usage, choices))}`;
}

export function usageJson(usage: AnswerUsage): string {
  const { promptTokens, completionTokens, cachedTokens, reasoningTokens, draftedTokens, acceptedTokens } = usage;
  return (
    `{"prompt_tokens":${String(promptTokens)},"completion_tokens":${String(completionTokens)},` +
    `"total_tokens":${String(promptTokens + completionTokens)},` +
    `"prompt_tokens_details":{"cached_tokens":${String(cachedTokens)},"audio_tokens":0},` +
    `"completion_tokens_details":{"reasoning_tokens":${String(reasoningTokens)},"audio_tokens":0,` +
    `"accepted_prediction_tokens":${String(acceptedTokens)},` +
    `"rejected_prediction_tokens":${String(draftedTokens - acceptedTokens)}}}`
  );
}
