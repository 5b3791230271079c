/** Body of POST /v1/messages, as Anthropic's clients send it. */
import { z } from 'zod';
import type { Fault } from '../error-response.js';
import { arrayOf, checkItems, flag, integerBetween, looseObject, numberBetween, text } from '../schemas/fields.js';
import { jsonSchema } from '../schemas/constraints.js';
import { messagesError, mostMessages } from '../schemas/messages.js';
import type { RawBody } from '../schemas/sampling.js';
import { schedulingFields } from '../schemas/scheduling.js';
import { writtenAs } from '../schemas/written-as.js';
import { toolParameters, toolsOf } from '../schemas/tool-parameters.js';

const string = z.string({ error: 'a string' });
const name = z
  .string({ error: 'a name of up to 128 letters, digits, _ . : -' })
  .regex(/^[\w.:-]{1,128}$/u, { error: 'a name of up to 128 letters, digits, _ . : -' });
const id = z
  .string({ error: 'an id' })
  .min(1, { error: 'an id' })
  .max(256, { error: 'an id of at most 256 characters' });

const textBlock = z.object({ type: z.literal('text'), text: string });
/** A document of plain text is text; other sources would need somebody to read them. */
const documentError = 'a source of type "text" (this server reads no files)';
const documentBlock = z.object({
  type: z.literal('document'),
  source: z.object({ type: z.literal('text', { error: documentError }), data: string }, { error: documentError }),
  title: text,
  context: text,
});
const resultError = 'a string or an array of blocks of type "text"';

function textOrBlocks<Block extends z.ZodType>(block: Block, error: string) {
  // A union would report one fault for the whole array; this reports the faulty block.
  return writtenAs(
    z.union([z.string(), z.array(block)]),
    z.unknown().transform((value, context): string | z.output<Block>[] => {
      return typeof value === 'string' ? value : checkItems(value, block, { error }, context);
    }),
  );
}

const blockError =
  'a block of type "text", "document", "tool_use", "tool_result" or "thinking" (this server takes no images)';
const block = z.discriminatedUnion(
  'type',
  [
    textBlock,
    documentBlock,
    z.object({ type: z.literal('tool_use'), id, name, input: looseObject() }),
    z.object({
      type: z.literal('tool_result'),
      tool_use_id: id,
      content: textOrBlocks(
        z.discriminatedUnion('type', [textBlock, documentBlock], { error: blockError }),
        resultError,
      ).optional(),
      is_error: flag,
    }),
    z.object({ type: z.literal('thinking'), thinking: string }),
    z.object({ type: z.literal('redacted_thinking') }),
  ],
  { error: blockError },
);

const message = z.object(
  {
    role: z.enum(['user', 'assistant', 'system'], { error: '"user" or "assistant"' }),
    content: textOrBlocks(block, 'a string or an array of blocks'),
  },
  { error: 'a message such as {"role": "user", "content": "Hello"}' },
);

const toolError = 'a tool such as {"name": "…", "input_schema": {…}} (this server calls no tools of its own)';
const tool = z.object(
  {
    type: z.literal('custom', { error: toolError }).nullish(),
    name,
    description: text,
    input_schema: toolParameters,
    strict: flag,
  },
  { error: toolError },
);

const choiceError = 'an object with type "auto", "any", "tool" or "none"';
const parallel = { disable_parallel_tool_use: flag };
const toolChoice = z.discriminatedUnion(
  'type',
  [
    z.object({ type: z.literal('auto'), ...parallel }),
    z.object({ type: z.literal('any'), ...parallel }),
    z.object({ type: z.literal('tool'), name, ...parallel }),
    z.object({ type: z.literal('none') }),
  ],
  { error: choiceError },
);

const thinkingError = 'an object with type "enabled", "adaptive" or "disabled"';
const thinking = z.discriminatedUnion(
  'type',
  [
    z.object({ type: z.literal('enabled'), budget_tokens: integerBetween(0, 2_000_000) }),
    z.object({ type: z.literal('adaptive') }),
    z.object({ type: z.literal('disabled') }),
  ],
  { error: thinkingError },
);

const outputFormat = z.object(
  { type: z.literal('json_schema', { error: '"json_schema"' }), schema: jsonSchema },
  { error: 'an object with type "json_schema" and a schema' },
);

const promptFields = {
  model: text.describe('A model of GET /v1/models; without it the first one.'),
  messages: arrayOf(message, { error: messagesError, least: 1, most: mostMessages }).describe(
    'The conversation so far.',
  ),
  system: textOrBlocks(textBlock, 'a string or an array of blocks of type "text"')
    .optional()
    .describe('The system message.'),
  tools: toolsOf(tool, 'an array of tools').nullish().describe('Functions that the model may call.'),
  tool_choice: toolChoice.nullish().describe('Whether a function is called, and which.'),
  thinking: thinking.nullish().describe('Switches thoughts on, within a budget, or off.'),
};

const { priority, deadline_ms, tags, retry_count, estimated_tokens, dependencies } = schedulingFields;

/** Unknown fields are ignored, as clients send extras. */
export const messagesBody = z.object(
  {
    ...promptFields,
    ...{ priority, deadline_ms, tags, retry_count, estimated_tokens, dependencies },
    max_tokens: z
      .number({ error: 'a whole number from 1 to 2,000,000' })
      .int({ error: 'a whole number from 1 to 2,000,000' })
      .min(1, { error: 'a whole number from 1 to 2,000,000' })
      .max(2_000_000, { error: 'a whole number from 1 to 2,000,000' }),
    stop_sequences: arrayOf(z.string({ error: 'a string' }).min(1, { error: 'a string that is not empty' }), {
      error: 'an array of at most 16 strings',
      most: 16,
    }).nullish(),
    stream: flag.describe('Send the answer as it is made, as named events.'),
    temperature: numberBetween(0, 1).describe(
      'How far from the likeliest token samples may go; 0 is greedy. Default 0.8.',
    ),
    top_k: integerBetween(0, 2_000_000).describe('Samples from so many of the likeliest tokens. Default 40.'),
    top_p: numberBetween(0, 1).describe(
      'Samples from the likeliest tokens that together have this probability. Default 0.95.',
    ),
    metadata: z
      .object(
        {
          user_id: z.string({ error: 'a string' }).max(256, { error: 'a string of at most 256 characters' }).nullish(),
        },
        { error: 'an object' },
      )
      .nullish(),
    service_tier: z
      .enum(['auto', 'standard_only'], { error: '"auto" or "standard_only"' })
      .nullish()
      .describe('Taken and left alone.'),
    output_format: outputFormat.nullish().describe('Holds the answer to a JSON schema.'),
    output_config: z
      .object({ format: outputFormat.nullish() }, { error: 'an object' })
      .nullish()
      .describe('Holds the answer to a JSON schema, in the place of newer clients.'),
  },
  { error: 'a JSON object' },
);
export type MessagesBody = z.infer<typeof messagesBody>;

/** Body of POST /v1/messages/count_tokens. */
export const countTokensBody = z.object(promptFields, { error: 'a JSON object' });
export type CountTokensBody = z.infer<typeof countTokensBody>;

function isObject(value: unknown): value is RawBody {
  return typeof value === 'object' && value !== null;
}

/** What holds between fields. */
export function messagesRules({ tools, tool_choice: choice }: RawBody): Fault[] {
  if (!isObject(choice) || (choice['type'] !== 'any' && choice['type'] !== 'tool')) return [];
  const names = (Array.isArray(tools) ? (tools as unknown[]) : []).map((each) =>
    isObject(each) ? each['name'] : undefined,
  );
  if (names.length === 0) return [{ param: 'tool_choice', message: 'Expected tools for tool_choice to choose from.' }];
  const wanted = choice['name'];
  if (choice['type'] === 'any' || typeof wanted !== 'string' || names.includes(wanted)) return [];
  const received = JSON.stringify(wanted.slice(0, 128));
  const message = `Expected the name of one of the tools for tool_choice but received ${received}.`;
  return [{ param: 'tool_choice.name', message }];
}
