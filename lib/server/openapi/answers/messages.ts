/** Anthropic's messages, and the events they are streamed as. */
import { z } from 'zod';
import { namedAnswer } from '../json-schema.js';

const count = z.int().min(0);

const usage = z.object({
  input_tokens: count.describe('Without cached ones.'),
  cache_creation_input_tokens: z.literal(0),
  cache_read_input_tokens: count,
  output_tokens: count,
  service_tier: z.literal('standard'),
});

const block = namedAnswer(
  'MessageBlock',
  z.discriminatedUnion('type', [
    z.object({ type: z.literal('text'), text: z.string(), citations: z.null().optional() }),
    z.object({ type: z.literal('thinking'), thinking: z.string(), signature: z.literal('') }),
    z.object({
      type: z.literal('tool_use'),
      id: z.string(),
      name: z.string(),
      input: z.record(z.string(), z.unknown()),
    }),
  ]),
);

const stop = {
  stop_reason: z.enum(['end_turn', 'stop_sequence', 'max_tokens', 'tool_use']).nullable(),
  stop_sequence: z.string().nullable(),
};

export const message = namedAnswer(
  'Message',
  z.object({
    id: z.string(),
    type: z.literal('message'),
    role: z.literal('assistant'),
    model: z.string(),
    content: z.array(block),
    ...stop,
    usage,
  }),
);

const delta = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text_delta'), text: z.string() }),
  z.object({ type: z.literal('thinking_delta'), thinking: z.string() }),
  z.object({ type: z.literal('input_json_delta'), partial_json: z.string() }),
]);

export const messageEvent = namedAnswer(
  'MessageEvent',
  z.discriminatedUnion('type', [
    z.object({ type: z.literal('message_start'), message }),
    z.object({ type: z.literal('ping') }),
    z.object({ type: z.literal('content_block_start'), index: count, content_block: block }),
    z.object({ type: z.literal('content_block_delta'), index: count, delta }),
    z.object({ type: z.literal('content_block_stop'), index: count }),
    z.object({ type: z.literal('message_delta'), delta: z.object(stop), usage: usage.optional() }),
    z.object({ type: z.literal('message_stop') }),
  ]),
);

export const tokenCount = namedAnswer('MessageTokenCount', z.object({ input_tokens: count }));
