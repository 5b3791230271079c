/** Body of POST /v1/responses. */
import { z } from 'zod';
import type { Fault } from '../error-response.js';
import { jsonSchema } from '../schemas/constraints.js';
import { arrayOf, checkItems, flag, integerBetween, looseObject, numberBetween, text } from '../schemas/fields.js';
import type { ChatCompletionBody } from '../schemas/chat-completions.js';
import { rareSamplerFields } from '../schemas/rare-samplers.js';
import { samplingFields } from '../schemas/sampling.js';
import type { RawBody } from '../schemas/sampling.js';
import { schedulingFields } from '../schemas/scheduling.js';
import { writtenAs } from '../schemas/written-as.js';
import { toolParameters, toolsOf } from '../schemas/tool-parameters.js';
import { inputItem, type SentItem } from './input-items.js';

/** Rendering takes time for each, however short it is. */
const mostItems = 10_000;
const inputError = `a string or an array of at least one item, at most ${mostItems.toLocaleString('en')}`;
const input = writtenAs(
  z.union([z.string(), z.array(inputItem).min(1).max(mostItems)]),
  z.unknown().transform((value, context): string | SentItem[] => {
    if (typeof value === 'string') return value;
    return checkItems(value, inputItem, { error: inputError, least: 1, most: mostItems }, context);
  }),
);

const nameError = 'a name of up to 128 letters, digits, _ . : -';
const name = z.string({ error: nameError }).regex(/^[\w.:-]{1,128}$/u, { error: nameError });
const toolError =
  'a tool such as {"type": "function", "name": "…", "parameters": {…}} (this server calls no tools of its own)';
const tool = z.object(
  {
    type: z.literal('function', { error: '"function" (this server calls no tools of its own)' }),
    name,
    description: text,
    parameters: toolParameters.nullish(),
    strict: flag,
  },
  { error: toolError },
);

const choiceError = '"none", "auto", "required" or an object that names a function';
const functionChoice = z.object({ type: z.literal('function', { error: '"function"' }), name });
const allowedTools = z.object({
  type: z.literal('allowed_tools'),
  mode: z.enum(['auto', 'required'], { error: '"auto" or "required"' }),
  tools: arrayOf(functionChoice, { error: 'an array of functions', least: 1, most: 1024 }),
});
const toolChoice = z.union(
  [
    z.enum(['none', 'auto', 'required'], { error: choiceError }),
    z.discriminatedUnion('type', [functionChoice, allowedTools], { error: choiceError }),
  ],
  { error: choiceError },
);

const formatError = 'an object with type "text", "json_object" or "json_schema"';
const textFormat = z.discriminatedUnion(
  'type',
  [
    z.object({ type: z.literal('text') }),
    z.object({ type: z.literal('json_object') }),
    z.object({ type: z.literal('json_schema'), name: text, description: text, schema: jsonSchema, strict: flag }),
  ],
  { error: formatError },
);

const includable = [
  'message.output_text.logprobs',
  'reasoning.encrypted_content',
  'file_search_call.results',
  'web_search_call.results',
  'web_search_call.action.sources',
  'message.input_image.image_url',
  'computer_call_output.output.image_url',
  'code_interpreter_call.outputs',
] as const;
const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'] as const;
const nothing = (what: string) => z.null({ error: `nothing (this server has no ${what})` }).optional();

const { stop, seed, presence_penalty, frequency_penalty, logit_bias, top_k, min_p, repeat_penalty, ignore_eos } =
  samplingFields;

/** Unknown fields are ignored, as clients send extras. */
export const responsesBody = z.object(
  {
    ...schedulingFields,
    ...rareSamplerFields,
    // Not OpenAI's here, but taken as in chats.
    ...{ stop, seed, presence_penalty, frequency_penalty, logit_bias, top_k, min_p, repeat_penalty, ignore_eos },
    model: text.describe('A model of GET /v1/models; without it the first one.'),
    input: input.describe('A text, or items.'),
    instructions: text.describe('The system message; not carried over by previous_response_id.'),
    previous_response_id: text.describe('What was asked and answered before comes first.'),
    conversation: nothing('conversations; use previous_response_id').describe('Refused: use previous_response_id.'),
    prompt: nothing('stored prompts').describe('Refused: there are no stored prompts.'),
    max_output_tokens: integerBetween(1, 2_000_000).describe('Tokens of the answer at most.'),
    max_tool_calls: integerBetween(1, 1_000_000).describe(
      'Taken and left alone: this server calls no tools of its own.',
    ),
    temperature: numberBetween(0, 2).describe(
      'How far from the likeliest token samples may go; 0 is greedy. Default 0.8.',
    ),
    top_p: numberBetween(0, 1).describe(
      'Samples from the likeliest tokens that together have this probability. Default 0.95.',
    ),
    top_logprobs: integerBetween(0, 20).describe('Alternatives per token; also asks for log probabilities.'),
    include: arrayOf(z.enum(includable, { error: 'something to include' }), { error: 'an array', most: 64 })
      .nullish()
      .describe('`message.output_text.logprobs` asks for log probabilities; the others have no effect.'),
    tools: toolsOf(tool, 'an array of tools').nullish().describe('Functions that the model may call.'),
    tool_choice: toolChoice.nullish().describe('Whether a function is called, and which.'),
    parallel_tool_calls: flag.describe('Whether one answer may call several functions.'),
    text: z
      .object(
        {
          format: textFormat.nullish(),
          verbosity: z.enum(['low', 'medium', 'high'], { error: '"low", "medium" or "high"' }).nullish(),
        },
        { error: 'an object with a format' },
      )
      .nullish()
      .describe('The format of the answer: text, JSON, or a JSON schema.'),
    reasoning: z
      .object(
        {
          effort: z.enum(efforts, { error: `one of "${efforts.join('", "')}"` }).nullish(),
          summary: z.enum(['auto', 'concise', 'detailed'], { error: '"auto", "concise" or "detailed"' }).nullish(),
        },
        { error: 'an object with an effort' },
      )
      .nullish()
      .describe('How much the model shall think, for templates that know.'),
    stream: flag.describe('Send the answer as it is made, as typed events.'),
    stream_options: looseObject().nullish().describe('Taken and left alone.'),
    store: flag.describe('Keep the response for GET /v1/responses/{id}. Default true.'),
    background: flag.describe('Take the request now and answer it later. Needs `inferno serve --background`.'),
    metadata: looseObject().nullish().describe('Repeated in the response.'),
    truncation: z
      .literal('disabled', { error: '"disabled" (nothing is left out of a prompt here)' })
      .nullish()
      .describe('Nothing is left out of a prompt here.'),
    safety_identifier: text.describe('Repeated in the response.'),
    prompt_cache_key: text.describe('Repeated in the response: prefixes are cached in any case.'),
    prompt_cache_retention: text.describe('Taken and left alone.'),
  },
  { error: 'a JSON object' },
);

export type ResponsesBody = z.infer<typeof responsesBody>;

function isObject(value: unknown): value is RawBody {
  return typeof value === 'object' && value !== null;
}

/** What holds between fields. */
export function responsesRules(body: RawBody): Fault[] {
  const faults: Fault[] = [];
  const { tools, tool_choice: choice, background, stream, store } = body;
  const names = (Array.isArray(tools) ? (tools as unknown[]) : []).map((each) =>
    isObject(each) ? each['name'] : undefined,
  );
  const isForced = choice === 'required' || isObject(choice);
  if (isForced && names.length === 0) {
    faults.push({ param: 'tool_choice', message: 'Expected tools for tool_choice to choose from.' });
  } else if (isObject(choice) && typeof choice['name'] === 'string' && !names.includes(choice['name'])) {
    const received = JSON.stringify(choice['name'].slice(0, 128));
    const message = `Expected the name of one of the tools for tool_choice but received ${received}.`;
    faults.push({ param: 'tool_choice', message });
  }
  if (background === true && stream === true) {
    faults.push({ param: 'stream', message: 'stream is not allowed with "background": true.' });
  }
  if (background === true && store === false) {
    faults.push({ param: 'store', message: 'Expected store for a background response, which is fetched later.' });
  }
  return faults;
}

function toolChoiceOf({ tool_choice: choice }: ResponsesBody): ChatCompletionBody['tool_choice'] {
  if (choice == null || typeof choice === 'string') return choice;
  const named = (functionName: string) => ({ type: 'function' as const, function: { name: functionName } });
  if (choice.type === 'function') return named(choice.name);
  const { mode, tools } = choice;
  return { type: 'allowed_tools', allowed_tools: { mode, tools: tools.map((each) => named(each.name)) } };
}

function formatOf({ text: asked }: ResponsesBody): Pick<ChatCompletionBody, 'response_format'> {
  const format = asked?.format;
  if (format == null || format.type === 'text') return {};
  if (format.type === 'json_object') return { response_format: { type: 'json_object' } };
  return { response_format: { type: 'json_schema', json_schema: { schema: format.schema } } };
}

/** The same request as a chat with these messages. */
export function chatOf(body: ResponsesBody, messages: ChatCompletionBody['messages']): ChatCompletionBody {
  const { instructions, max_output_tokens, tools, include, top_logprobs, reasoning } = body;
  const withLogprobs = include?.includes('message.output_text.logprobs') === true || top_logprobs != null;
  return {
    ...body,
    stream_options: undefined,
    messages: [
      ...(instructions == null || instructions === '' ? [] : [{ role: 'system' as const, content: instructions }]),
      ...messages,
    ],
    max_completion_tokens: max_output_tokens,
    ...(tools == null ? { tools: undefined } : { tools: tools.map(({ type, ...rest }) => ({ type, function: rest })) }),
    tool_choice: toolChoiceOf(body),
    ...formatOf(body),
    ...(withLogprobs ? { logprobs: true, top_logprobs: top_logprobs ?? 0 } : {}),
    reasoning_effort: reasoning?.effort,
  };
}
