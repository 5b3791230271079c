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
  model: text,
  stream: flag,
  background: flag,
  stream_options: z.object({ include_usage: flag }, { error: 'an object such as {"include_usage": true}' }).nullish(),
  n: integerBetween(1, 128),
  max_tokens: integerBetween(1, 2_000_000),
  // Taken and left alone: nothing is stored here, and speculation guesses without being told.
  metadata: looseObject().nullish(),
  store: flag,
  safety_identifier: text,
  prompt_cache_key: text,
  prompt_cache_retention: text,
  stop,
  seed: integerBetween(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  temperature: numberBetween(0, 2),
  top_p: numberBetween(0, 1),
  presence_penalty: numberBetween(-2, 2),
  frequency_penalty: numberBetween(-2, 2),
  logit_bias: logitBias,
  response_format: responseFormat,
  // llama.cpp's own.
  n_predict: integerBetween(-1, 2_000_000),
  n_probs: integerBetween(0, 20),
  // Taken and left alone: what is cached, kept and where a request runs, the engine decides.
  cache_prompt: flag,
  n_keep: integerBetween(-1, 2_000_000),
  n_discard: integerBetween(0, 2_000_000),
  id_slot: integerBetween(-1, 1_000_000),
  top_k: integerBetween(-1, 2_000_000),
  min_p: numberBetween(0, 1),
  typical_p: numberBetween(0, 1),
  repeat_penalty: numberOver0UpTo(100),
  repeat_last_n: integerBetween(-1, 2_000_000),
  grammar,
  json_schema: jsonSchema.nullish(),
  ignore_eos: flag,
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
