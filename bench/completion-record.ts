/** What a recorded stream of POST /v1/completions says, the same for every server. */
import { z } from 'zod';
import { readAnswer } from '../lib/bench/load/http-answer.js';
import type { RecordedExchange } from './recorded-exchange.js';

export interface CompletionRecord {
  readonly status: number;
  readonly sentAt: number;
  readonly text: string;
  /** Arrival of each event that brought text. */
  readonly textTimes: readonly number[];
  /** Arrival of the event with the finish reason; null when it did not come. */
  readonly finishedAt: number | null;
  /** From the usage in the last event; null when it did not come. */
  readonly promptTokens: number | null;
  /** Of the prompt, those that were not computed again; null also from a server that does not say. */
  readonly cachedTokens: number | null;
  readonly completionTokens: number | null;
  /** What went wrong, in the server's words. */
  readonly failure: string | null;
}

const usageFields = z.object({
  prompt_tokens: z.number(),
  completion_tokens: z.number(),
  prompt_tokens_details: z.object({ cached_tokens: z.number() }).nullish(),
});
const completionEvent = z.object({
  choices: z.array(z.object({ text: z.string().nullish(), finish_reason: z.string().nullish() })).optional(),
  usage: usageFields.nullish(),
  error: z.object({ message: z.string() }).nullish(),
});

export function recordOf(exchange: Pick<RecordedExchange, 'chunks' | 'sentAt'>): CompletionRecord {
  const { status, body, events } = readAnswer(exchange.chunks);
  const textTimes: number[] = [];
  let finishedAt: number | null = null;
  let usage: z.infer<typeof usageFields> | undefined;
  let text = '';
  let failure = status === 200 || status === 0 ? null : `HTTP ${String(status)}: ${body.slice(0, 500)}`;
  for (const { at, data } of events) {
    if (data === '[DONE]') continue;
    const event = completionEvent.parse(JSON.parse(data));
    const choice = event.choices?.[0];
    if (choice?.text != null && choice.text !== '') {
      textTimes.push(at);
      text += choice.text;
    }
    if (choice?.finish_reason != null) finishedAt = at;
    usage = event.usage ?? usage;
    failure = event.error?.message ?? failure;
  }
  return {
    status,
    sentAt: exchange.sentAt,
    text,
    textTimes,
    finishedAt,
    promptTokens: usage?.prompt_tokens ?? null,
    cachedTokens: usage?.prompt_tokens_details?.cached_tokens ?? null,
    completionTokens: usage?.completion_tokens ?? null,
    failure,
  };
}
