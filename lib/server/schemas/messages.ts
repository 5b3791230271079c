import { z } from 'zod';
import { arrayOf, checkItems, text } from './fields.js';
import { writtenAs } from './written-as.js';

const partError = 'a content part of type "text" (this server takes no images or audio)';

const textPart = z
  .discriminatedUnion(
    'type',
    [
      z.object({ type: z.literal('text'), text: z.string({ error: 'a string' }) }),
      // What an assistant once refused is a text like any other.
      z.object({ type: z.literal('refusal'), refusal: z.string({ error: 'a string' }) }),
    ],
    { error: partError },
  )
  .transform((part) => ({ type: 'text' as const, text: part.type === 'text' ? part.text : part.refusal }));

const contentError = 'a string or an array of content parts of type "text"';

type TextPart = z.infer<typeof textPart>;

// A union would report one fault for the whole array; this reports the faulty part.
const content = writtenAs(
  z.union([z.string(), z.array(textPart).min(1), z.null()]),
  z.unknown().transform((value, context): string | TextPart[] | null => {
    if (typeof value === 'string' || value === null) return value;
    return checkItems(value, textPart, { error: contentError, least: 1 }, context);
  }),
).optional();

const toolCall = z.looseObject({
  id: text,
  type: z.literal('function', { error: '"function"' }),
  function: z.looseObject({
    name: z.string({ error: 'a string' }),
    arguments: z.string({ error: 'a string of JSON' }),
  }),
});

/** Rendering takes time for each, however short it is. */
export const mostMessages = 10_000;

export const message = z
  .object(
    {
      role: z
        .enum(['system', 'developer', 'user', 'assistant', 'tool'], {
          error: '"system", "developer", "user", "assistant" or "tool"',
        })
        .describe('Who says it; `developer` is another name for `system`.'),
      content: content.describe('A text or parts of one; null only in a message of the assistant with calls.'),
      name: text.describe('Given to the chat template.'),
      tool_call_id: text.describe('Which call this message of the role `tool` answers.'),
      tool_calls: arrayOf(toolCall, { error: 'an array of tool calls' })
        .nullish()
        .describe('What the assistant called in this turn.'),
      reasoning_content: text.describe('What the model thought in this turn.'),
    },
    { error: 'a message such as {"role": "user", "content": "Hello"}' },
  )
  .superRefine((value, context) => {
    const hasCalls = value.role === 'assistant' && value.tool_calls != null && value.tool_calls.length > 0;
    if (value.content == null && !hasCalls) {
      context.addIssue({ code: 'custom', path: ['content'], message: contentError });
    }
  });

export type Message = z.infer<typeof message>;

export const messagesError = `an array of 1 to ${mostMessages.toLocaleString('en')} messages`;

export const messages = arrayOf(message, {
  error: messagesError,
  least: 1,
  most: mostMessages,
});
