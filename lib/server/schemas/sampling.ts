import { z } from 'zod';
import type { Fault } from '../error-response.js';
import { grammar, jsonSchema } from './constraints.js';
import { flag, integerBetween, looseObject, numberBetween, numberOver0UpTo, stop, text } from './fields.js';
import { logitBias } from './logit-bias.js';
import { rareSamplerFields } from './rare-samplers.js';
import { schedulingFields } from './scheduling.js';

const formatError = 'an object with type "text", "json_object" or "json_schema"';

const responseFormat = z
  .discriminatedUnion(
    'type',
    [
      z.object({ type: z.literal('text') }),
      z.object({ type: z.literal('json_object'), schema: jsonSchema.nullish() }),
      z.object({
        type: z.literal('json_schema'),
        json_schema: z.object({ schema: jsonSchema }, { error: 'an object with a schema' }),
      }),
    ],
    { error: formatError },
  )
  .nullish();

/** What both endpoints share. */
export const samplingFields = {
  ...schedulingFields,
  ...rareSamplerFields,
  model: text.describe('A model of GET /v1/models; without it the first one.'),
  stream: flag.describe('Send the answer as it is made, as server-sent events.'),
  background: flag.describe(
    'Take the request now and answer it later: GET /v1/background/{id}. Needs `inferno serve --background`.',
  ),
  stream_options: z
    .object(
      { include_usage: flag.describe('Usage in a last chunk.') },
      { error: 'an object such as {"include_usage": true}' },
    )
    .nullish()
    .describe('With "stream": true.'),
  n: integerBetween(1, 128).describe(
    'Choices of one prompt. The n-th choice of a seeded request has the seed + n. Default 1.',
  ),
  max_tokens: integerBetween(1, 2_000_000).describe(
    'Tokens of a choice at most. Default: what fits for chats, 16 for text completions.',
  ),
  // Taken and left alone: nothing is stored here, and speculation guesses without being told.
  metadata: looseObject().nullish().describe('Taken and left alone: nothing is stored here.'),
  store: flag.describe('Taken and left alone: nothing is stored here.'),
  safety_identifier: text.describe('Taken and left alone.'),
  prompt_cache_key: text.describe('Taken and left alone: prefixes are cached in any case.'),
  prompt_cache_retention: text.describe('Taken and left alone: prefixes are cached in any case.'),
  stop: stop.describe('The answer ends before the first of these texts.'),
  seed: integerBetween(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER).describe(
    'Same seed, same choice, on the same machine when it runs alone. -1 for a random one.',
  ),
  temperature: numberBetween(0, 2).describe(
    'How far from the likeliest token samples may go; 0 is greedy. Default 0.8.',
  ),
  top_p: numberBetween(0, 1).describe(
    'Samples from the likeliest tokens that together have this probability. Default 0.95.',
  ),
  presence_penalty: numberBetween(-2, 2).describe('Against tokens that were there already, however often. Default 0.'),
  frequency_penalty: numberBetween(-2, 2).describe('Against tokens that were there already, for each time. Default 0.'),
  logit_bias: logitBias.describe(
    "What is added to a token's logit: OpenAI's map of token ids, or llama.cpp's pairs, where a text stands for each of its tokens and `false` forbids.",
  ),
  response_format: responseFormat.describe('Holds the answer to JSON or to a JSON schema.'),
  // llama.cpp's own.
  n_predict: integerBetween(-1, 2_000_000).describe("llama.cpp's name for max_tokens; -1 for as many as fit."),
  n_probs: integerBetween(0, 20).describe("llama.cpp's name for the number of alternatives per token."),
  // Taken and left alone: what is cached, kept and where a request runs, the engine decides.
  cache_prompt: flag.describe('Taken and left alone: the engine decides what is cached.'),
  n_keep: integerBetween(-1, 2_000_000).describe('Taken and left alone: the engine decides what is kept.'),
  n_discard: integerBetween(0, 2_000_000).describe('Taken and left alone: the engine decides what is kept.'),
  id_slot: integerBetween(-1, 1_000_000).describe('Taken and left alone: the engine decides where a request runs.'),
  top_k: integerBetween(-1, 2_000_000).describe(
    'Samples from so many of the likeliest tokens; 0 or -1 for all. Default 40.',
  ),
  min_p: numberBetween(0, 1).describe(
    'Leaves out tokens less likely than this share of the likeliest one. Default 0.05.',
  ),
  typical_p: numberBetween(0, 1).describe('Locally typical sampling; 1 is off. Default 1.'),
  repeat_penalty: numberOver0UpTo(100).describe(
    'Divides the logits of tokens that were there lately; 1 is off. Default 1.',
  ),
  repeat_last_n: integerBetween(-1, 2_000_000).describe(
    'How many tokens the repeat penalty looks back on; -1 for all. Default 64.',
  ),
  grammar: grammar.describe('A GBNF grammar that the answer cannot leave. Not together with other constraints.'),
  json_schema: jsonSchema.nullish().describe('The answer follows this JSON schema; a name of llama.cpp.'),
  ignore_eos: flag.describe("Forbid the model's own end of an answer. Default false."),
};

export type SamplingBody = z.infer<z.ZodObject<typeof samplingFields>>;

/** Reads fields of a body that may be anything. */
export type RawBody = Readonly<Record<string, unknown>>;

/** Rules over several fields that hold for both endpoints. */
export function samplingRules(body: RawBody): Fault[] {
  const faults: Fault[] = [];
  if (body['stream_options'] != null && body['stream'] !== true) {
    faults.push({ param: 'stream_options', message: 'stream_options is only allowed with "stream": true.' });
  }
  if (body['background'] === true) {
    for (const name of ['stream', 'dependencies']) {
      if (body[name] == null || body[name] === false) continue;
      faults.push({ param: name, message: `${name} is not allowed with "background": true.` });
    }
  }
  const constraints = ['grammar', 'json_schema'].filter((name) => body[name] != null && body[name] !== '');
  const format = body['response_format'];
  if (typeof format === 'object' && format !== null && 'type' in format && format.type !== 'text') {
    constraints.push('response_format');
  }
  const second = constraints[1];
  if (second !== undefined)
    faults.push({ param: second, message: `Expected at most one of ${constraints.join(', ')}.` });
  return faults;
}
