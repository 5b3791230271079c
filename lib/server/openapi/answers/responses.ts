/** OpenAI's responses, and the events they are streamed as. */
import { z } from 'zod';
import { namedAnswer } from '../json-schema.js';
import { tokenLogprobs } from './generation.js';

const count = z.int().min(0);
const status = z.enum(['in_progress', 'completed', 'incomplete']);

const textPart = z.object({
  type: z.literal('output_text'),
  text: z.string(),
  annotations: z.array(z.unknown()).describe('Always empty.'),
  logprobs: z.array(tokenLogprobs),
});
const reasoningPart = z.object({ type: z.literal('reasoning_text'), text: z.string() });

const messageItem = z.object({
  id: z.string(),
  type: z.literal('message'),
  status,
  role: z.literal('assistant'),
  content: z.array(textPart),
});
const reasoningItem = z.object({
  id: z.string(),
  type: z.literal('reasoning'),
  status,
  summary: z.array(z.unknown()).describe('Always empty.'),
  content: z.array(reasoningPart),
});
const callItem = z.object({
  id: z.string(),
  type: z.literal('function_call'),
  status,
  call_id: z.string(),
  name: z.string(),
  arguments: z.string().describe('JSON, as the model wrote it.'),
});

export const outputItem = namedAnswer(
  'ResponseOutputItem',
  z.discriminatedUnion('type', [messageItem, reasoningItem, callItem]),
);

/** What it was asked with, repeated. */
const settings = {
  background: z.boolean(),
  instructions: z.string().nullable(),
  max_output_tokens: count.nullable(),
  max_tool_calls: count.nullable(),
  metadata: z.record(z.string(), z.unknown()),
  parallel_tool_calls: z.boolean(),
  previous_response_id: z.string().nullable(),
  prompt_cache_key: z.string().nullable(),
  reasoning: z.object({ effort: z.string().nullable(), summary: z.string().nullable() }),
  safety_identifier: z.string().nullable(),
  service_tier: z.string(),
  store: z.boolean(),
  temperature: z.number(),
  text: z.object({ format: z.looseObject({ type: z.string() }), verbosity: z.string() }),
  tool_choice: z.union([z.string(), z.looseObject({ type: z.string() })]),
  tools: z.array(z.looseObject({ type: z.string(), name: z.string() })),
  top_logprobs: count,
  top_p: z.number(),
  truncation: z.literal('disabled'),
  user: z.string().optional(),
};

export const response = namedAnswer(
  'Response',
  z.object({
    id: z.string(),
    object: z.literal('response'),
    created_at: z.int().describe('Unix seconds.'),
    completed_at: z.int().nullable(),
    status: z.enum(['completed', 'failed', 'in_progress', 'cancelled', 'queued', 'incomplete']),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    incomplete_details: z.object({ reason: z.literal('max_output_tokens') }).nullable(),
    model: z.string(),
    output: z.array(outputItem),
    usage: z
      .object({
        input_tokens: count,
        input_tokens_details: z.object({ cached_tokens: count, cache_write_tokens: count }),
        output_tokens: count,
        output_tokens_details: z.object({ reasoning_tokens: count }),
        total_tokens: count,
      })
      .optional(),
    ...settings,
  }),
);

const numbered = { sequence_number: count };
const placed = { ...numbered, item_id: z.string(), output_index: count };

function eventOf<Type extends string>(type: Type, fields: z.ZodRawShape) {
  return z.object({ type: z.literal(type), ...fields });
}

const part = z.discriminatedUnion('type', [textPart, reasoningPart]);

export const responseEvent = namedAnswer(
  'ResponseEvent',
  z.discriminatedUnion('type', [
    ...(['created', 'in_progress', 'completed', 'incomplete', 'failed'] as const).map((name) =>
      eventOf(`response.${name}`, { ...numbered, response }),
    ),
    eventOf('response.output_item.added', { ...numbered, output_index: count, item: outputItem }),
    eventOf('response.output_item.done', { ...numbered, output_index: count, item: outputItem }),
    eventOf('response.content_part.added', { ...placed, content_index: count, part }),
    eventOf('response.content_part.done', { ...placed, content_index: count, part }),
    eventOf('response.output_text.delta', {
      ...placed,
      content_index: count,
      delta: z.string(),
      logprobs: z.array(tokenLogprobs),
    }),
    eventOf('response.output_text.done', {
      ...placed,
      content_index: count,
      text: z.string(),
      logprobs: z.array(tokenLogprobs),
    }),
    eventOf('response.reasoning_text.delta', { ...placed, content_index: count, delta: z.string() }),
    eventOf('response.reasoning_text.done', { ...placed, content_index: count, text: z.string() }),
    eventOf('response.function_call_arguments.delta', { ...placed, delta: z.string() }),
    eventOf('response.function_call_arguments.done', { ...placed, name: z.string(), arguments: z.string() }),
  ] as unknown as [z.core.$ZodTypeDiscriminable, ...z.core.$ZodTypeDiscriminable[]]),
);

export const inputItems = namedAnswer(
  'ResponseInputItems',
  z.object({
    object: z.literal('list'),
    data: z.array(z.looseObject({ id: z.string(), type: z.string() })).describe('Earlier responses included.'),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.literal(false),
  }),
);

export const responseDeleted = namedAnswer(
  'ResponseDeleted',
  z.object({ id: z.string(), object: z.literal('response'), deleted: z.literal(true) }),
);
