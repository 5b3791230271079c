import { z } from 'zod';
import type { Fault } from '../error-response.js';
import { arrayOf, flag, integerBetween, looseObject } from './fields.js';
import { message, tools } from './messages.js';
import { samplingFields, samplingRules } from './sampling.js';
import type { RawBody } from './sampling.js';

/** Body of POST /v1/chat/completions. Unknown fields are ignored, as clients send extras. */
export const chatCompletionBody = z.object(
  {
    ...samplingFields,
    messages: arrayOf(message, { error: 'an array of at least one message', least: 1 }),
    max_completion_tokens: integerBetween(1, 2_000_000),
    logprobs: flag,
    top_logprobs: integerBetween(0, 20),
    tools,
    tool_choice: z
      .union([z.enum(['none', 'auto', 'required']), z.looseObject({ type: z.string() })], {
        error: '"none", "auto", "required" or an object that names a function',
      })
      .nullish(),
    chat_template_kwargs: looseObject().nullish(),
  },
  { error: 'a JSON object' },
);

export type ChatCompletionBody = z.infer<typeof chatCompletionBody>;

/** What holds between fields. */
export function chatCompletionRules(body: RawBody): Fault[] {
  const faults = samplingRules(body);
  if (body['top_logprobs'] != null && body['logprobs'] !== true) {
    faults.push({ param: 'top_logprobs', message: 'top_logprobs is only allowed with "logprobs": true.' });
  }
  const choice = body['tool_choice'];
  if (choice === 'required' || (typeof choice === 'object' && choice !== null)) {
    const message = 'This server cannot force a tool call; use "auto" or "none" for tool_choice.';
    faults.push({ param: 'tool_choice', message });
  }
  return faults;
}
