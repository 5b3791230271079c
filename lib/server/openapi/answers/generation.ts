/** What chats and text completions are answered with. */
import { z } from 'zod';
import { namedAnswer } from '../json-schema.js';

const count = z.int().min(0);

export const usage = namedAnswer(
  'Usage',
  z.object({
    prompt_tokens: count.describe('Tokens of the prompt, cached ones included.'),
    completion_tokens: count.describe('Tokens of the answer, all choices together.'),
    total_tokens: count,
    prompt_tokens_details: z.object({
      cached_tokens: count.describe('Taken from a cached prefix.'),
      audio_tokens: z.literal(0),
    }),
    completion_tokens_details: z.object({
      reasoning_tokens: count.describe('Tokens of thoughts.'),
      audio_tokens: z.literal(0),
      accepted_prediction_tokens: count.describe('Guessed by speculation and right.'),
      rejected_prediction_tokens: count.describe('Guessed and wrong; not part of completion_tokens.'),
    }),
  }),
);

const milliseconds = z.number().min(0);
const rate = z.number().min(0).describe('0 where there was nothing to measure.');

export const timings = namedAnswer(
  'Timings',
  z
    .object({
      cache_n: count.describe('Tokens of the prompt taken from a cache.'),
      prompt_n: count.describe('Tokens of the prompt that were computed.'),
      prompt_ms: milliseconds,
      prompt_per_token_ms: milliseconds,
      prompt_per_second: rate,
      predicted_n: count,
      predicted_ms: milliseconds,
      predicted_per_token_ms: milliseconds,
      predicted_per_second: rate,
      draft_n: count.optional().describe('Guessed by speculation; absent without guesses.'),
      draft_n_accepted: count.optional(),
    })
    .describe('As llama-server has them. Of several choices, all tokens and the longest times.'),
);

const tokenLogprob = z.object({
  token: z.string(),
  logprob: z.number().nullable().describe('Natural logarithm; null for a probability of 0.'),
  bytes: z.array(z.int().min(0).max(255)).describe('A token may be a part of a character.'),
});

export const tokenLogprobs = namedAnswer(
  'TokenLogprob',
  tokenLogprob.extend({ top_logprobs: z.array(tokenLogprob).describe('The likeliest alternatives.') }),
);

const chatLogprobs = z.object({ content: z.array(tokenLogprobs), refusal: z.null() }).nullable();
const finishReason = z.enum(['stop', 'length', 'tool_calls']);
const identity = {
  id: z.string(),
  created: z.int().describe('Unix seconds.'),
  model: z.string(),
  system_fingerprint: z.string().describe('Of this build and the model file.'),
};
const serviceTier = z.string().optional().describe('What it got, when service_tier was asked for.');

const functionCall = z.object({
  id: z.string(),
  type: z.literal('function'),
  function: z.object({ name: z.string(), arguments: z.string().describe('JSON, as the model wrote it.') }),
});

export const chatCompletion = namedAnswer(
  'ChatCompletion',
  z.object({
    ...identity,
    object: z.literal('chat.completion'),
    service_tier: serviceTier,
    choices: z.array(
      z.object({
        index: count,
        message: z.object({
          role: z.literal('assistant'),
          content: z.string().nullable().describe('null when there is nothing but calls.'),
          reasoning_content: z.string().optional().describe('What the model thought.'),
          refusal: z.null(),
          tool_calls: z.array(functionCall).optional(),
        }),
        logprobs: chatLogprobs,
        finish_reason: finishReason,
      }),
    ),
    usage,
    timings,
  }),
);

const callPart = z.object({
  index: count.describe("Which of the answer's calls."),
  id: z.string().optional().describe('In the first part of a call.'),
  type: z.literal('function').optional(),
  function: z.object({ name: z.string().optional(), arguments: z.string() }),
});

export const chatCompletionChunk = namedAnswer(
  'ChatCompletionChunk',
  z.object({
    ...identity,
    object: z.literal('chat.completion.chunk'),
    service_tier: serviceTier,
    choices: z
      .array(
        z.object({
          index: count,
          delta: z.object({
            role: z.literal('assistant').optional(),
            content: z.string().optional(),
            reasoning_content: z.string().optional(),
            refusal: z.null().optional(),
            tool_calls: z.array(callPart).optional(),
          }),
          logprobs: chatLogprobs,
          finish_reason: finishReason.nullable(),
        }),
      )
      .describe('Empty in the last chunk of a stream that was asked for its usage.'),
    usage: usage.nullable().optional().describe('With stream_options.include_usage: null in all chunks but the last.'),
    timings: timings.optional().describe('Where the usage is.'),
  }),
);

const textLogprobs = z
  .object({
    tokens: z.array(z.string()),
    token_logprobs: z.array(z.number().nullable()),
    top_logprobs: z.array(z.record(z.string(), z.number().nullable())),
    text_offset: z.array(count),
  })
  .nullable();

const textChoice = { text: z.string(), index: count, logprobs: textLogprobs };

export const textCompletion = namedAnswer(
  'TextCompletion',
  z.object({
    ...identity,
    object: z.literal('text_completion'),
    choices: z.array(z.object({ ...textChoice, finish_reason: finishReason })),
    usage,
    timings,
  }),
);

export const textCompletionChunk = namedAnswer(
  'TextCompletionChunk',
  z.object({
    ...identity,
    object: z.literal('text_completion'),
    choices: z.array(z.object({ ...textChoice, finish_reason: finishReason.nullable() })),
    usage: usage.nullable().optional(),
    timings: timings.optional(),
  }),
);
