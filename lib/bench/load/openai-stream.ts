/** OpenAI's streamed chat and completions, as far as measuring needs them. */
import { z } from 'zod';
import type { LoadRequest, RequestFailure, Usage } from './transport.js';

export type OpenAiApi = 'chat' | 'completions';

export interface OpenAiTarget {
  readonly api: OpenAiApi;
  /** Left out when undefined: servers with one model do not need it. */
  readonly model?: string;
  /**
   * Asks for answers of exactly `maxTokens` (`ignore_eos`, which Inferno, llama.cpp and vLLM know). Default true; OpenAI
   * itself refuses what it does not know.
   */
  readonly exactLength?: boolean;
}

export const paths: Readonly<Record<OpenAiApi, string>> = {
  chat: '/v1/chat/completions',
  completions: '/v1/completions',
};

export function requestBody({ api, model, exactLength = true }: OpenAiTarget, request: LoadRequest): string {
  const { prompt, maxTokens, fields } = request;
  return JSON.stringify({
    ...(model === undefined ? {} : { model }),
    ...(api === 'chat' ? { messages: [{ role: 'user', content: prompt }] } : { prompt }),
    max_tokens: maxTokens,
    temperature: 0,
    ...(exactLength ? { ignore_eos: true } : {}),
    stream: true,
    stream_options: { include_usage: true },
    ...fields,
  });
}

/** Also in the `done` of a WebSocket. */
export const usageFields = z.object({
  prompt_tokens: z.number(),
  completion_tokens: z.number(),
  prompt_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
});

const streamEvent = z.object({
  choices: z
    .array(
      z.object({
        text: z.string().nullish(),
        delta: z
          .object({
            content: z.string().nullish(),
            reasoning_content: z.string().nullish(),
            tool_calls: z.array(z.unknown()).nullish(),
          })
          .nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage: usageFields.nullish(),
  error: z.object({ message: z.string() }).nullish(),
});

type Choice = NonNullable<z.infer<typeof streamEvent>['choices']>[number];

/** What one chunk says. */
export interface StreamNews {
  readonly hasText: boolean;
  /** The stream said that the answer is complete. */
  readonly hasFinished: boolean;
  readonly usage?: Usage;
  readonly failure?: RequestFailure;
}

function bringsText({ text, delta }: Choice): boolean {
  return [text, delta?.content, delta?.reasoning_content].some(Boolean) || (delta?.tool_calls?.length ?? 0) > 0;
}

function protocolFault(data: string): StreamNews {
  const message = `Not an event of an OpenAI stream: ${data.slice(0, 200)}`;
  return { hasText: false, hasFinished: false, failure: { kind: 'protocol', message } };
}

export function usageOf({
  prompt_tokens,
  completion_tokens,
  prompt_tokens_details,
}: z.infer<typeof usageFields>): Usage {
  return {
    promptTokens: prompt_tokens,
    cachedTokens: prompt_tokens_details?.cached_tokens ?? undefined,
    completionTokens: completion_tokens,
  };
}

/** One chunk; undefined for a value that is none. */
export function readChunk(value: unknown): StreamNews | undefined {
  const event = streamEvent.safeParse(value);
  if (!event.success) return undefined;
  const { choices, usage, error } = event.data;
  return {
    hasText: choices?.some(bringsText) ?? false,
    hasFinished: choices?.some(({ finish_reason }) => finish_reason != null) ?? false,
    ...(error == null ? {} : { failure: { kind: 'server' as const, message: error.message } }),
    ...(usage == null ? {} : { usage: usageOf(usage) }),
  };
}

/** The data of one server-sent event. */
export function readEvent(data: string): StreamNews {
  if (data === '[DONE]') return { hasText: false, hasFinished: true };
  try {
    return readChunk(JSON.parse(data)) ?? protocolFault(data);
  } catch {
    return protocolFault(data);
  }
}
