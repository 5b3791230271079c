/** What llama-server's own routes answer. */
import { z } from 'zod';
import { namedAnswer } from '../json-schema.js';
import { timings } from './generation.js';

const count = z.int().min(0);
const logprob = z.object({
  id: z.int(),
  token: z.string(),
  bytes: z.array(z.int().min(0).max(255)),
  logprob: z.number().nullable(),
});
const probabilities = z.array(logprob.extend({ top_logprobs: z.array(logprob) }));

const settings = z
  .looseObject({ seed: z.number(), temperature: z.number(), top_k: z.int(), samplers: z.array(z.string()) })
  .describe('Every setting that it was made with, by its name in requests.');

const answer = z.object({
  index: count,
  content: z.string(),
  tokens: z.array(z.int()).describe('With return_tokens.'),
  id_slot: z.literal(-1),
  stop: z.literal(true),
  model: z.string(),
  tokens_predicted: count,
  tokens_evaluated: count,
  generation_settings: settings,
  prompt: z.string(),
  has_new_line: z.boolean(),
  truncated: z.boolean(),
  stop_type: z.enum(['eos', 'word', 'limit']),
  stopping_word: z.string(),
  tokens_cached: count,
  timings,
  completion_probabilities: probabilities.optional().describe('With n_probs.'),
});

export const llamaAnswer = namedAnswer('LlamaCompletion', answer);

/** With `response_fields` only some are left. */
export const llamaAnswers = namedAnswer(
  'LlamaCompletions',
  z.union([llamaAnswer, z.array(llamaAnswer), z.looseObject({})]),
);

export const llamaPart = namedAnswer(
  'LlamaCompletionPart',
  z.union([
    z.object({
      index: count,
      content: z.string(),
      tokens: z.array(z.int()),
      stop: z.literal(false),
      id_slot: z.literal(-1),
      tokens_predicted: count,
      completion_probabilities: probabilities.optional(),
    }),
    llamaAnswer,
  ]),
);

export const llamaEmbeddings = namedAnswer(
  'LlamaEmbeddings',
  z.array(z.object({ index: count, embedding: z.array(z.array(z.number())).describe('One vector, in a list.') })),
);

export const renderedPrompt = namedAnswer('RenderedPrompt', z.object({ prompt: z.string() }));

export const props = namedAnswer(
  'Props',
  z.object({
    default_generation_settings: z.object({ params: settings, n_ctx: count }),
    total_slots: count,
    model_alias: z.string(),
    model_ftype: z.string(),
    model_path: z.string().describe("The file's name, without its folder."),
    modalities: z.object({ vision: z.boolean(), video: z.boolean(), audio: z.boolean() }),
    endpoint_slots: z.boolean(),
    endpoint_props: z.boolean(),
    endpoint_metrics: z.boolean(),
    ui: z.boolean(),
    chat_template: z.string(),
    bos_token: z.string(),
    eos_token: z.string(),
    build_info: z.string(),
    is_sleeping: z.boolean(),
  }),
);

export const slots = namedAnswer(
  'Slots',
  z.array(z.object({ id: count, n_ctx: count, speculative: z.boolean(), is_processing: z.boolean() })),
);

export const loraAdapters = namedAnswer('LoraAdapters', z.array(z.unknown()).max(0));

export const success = namedAnswer('Success', z.object({ success: z.literal(true) }));
