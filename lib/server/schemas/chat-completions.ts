import { z } from 'zod';
import type { Fault } from '../error-response.js';
import { arrayOf, flag, integerBetween, looseObject } from './fields.js';
import { messages } from './messages.js';
import { reasoningFields } from './reasoning.js';
import { samplingFields, samplingRules } from './sampling.js';
import type { RawBody } from './sampling.js';
import { toolFields, toolRules } from './tools.js';

const modalitiesError = '["text"] (this server makes no audio)';

/** Body of POST /v1/chat/completions. Unknown fields are ignored, as clients send extras. */
export const chatCompletionBody = z.object(
  {
    ...samplingFields,
    ...toolFields,
    ...reasoningFields,
    messages: messages.describe('The conversation so far.'),
    max_completion_tokens: integerBetween(1, 2_000_000).describe("OpenAI's name for max_tokens, which it precedes."),
    logprobs: flag.describe('Log probabilities of the tokens of the answer.'),
    top_logprobs: integerBetween(0, 20).describe('Alternatives per token, with "logprobs": true.'),
    modalities: arrayOf(z.literal('text', { error: modalitiesError }), { error: modalitiesError, most: 16 })
      .nullish()
      .describe('Taken and left alone.'),
    prediction: looseObject()
      .nullish()
      .describe('Taken and left alone: speculation guesses from what the conversation has said.'),
    verbosity: z
      .enum(['low', 'medium', 'high'], { error: '"low", "medium" or "high"' })
      .nullish()
      .describe('Taken and left alone.'),
    continue_final_message: flag.describe("The last message, the assistant's, is continued."),
  },
  { error: 'a JSON object' },
);

export type ChatCompletionBody = z.infer<typeof chatCompletionBody>;

/** The calls of every template have a grammar of their own, beside which another one has no room. */
function grammarFaults({ grammar, tools, tool_choice: choice }: RawBody): Fault[] {
  if (grammar == null || grammar === '' || !Array.isArray(tools) || tools.length === 0 || choice === 'none') return [];
  return [{ param: 'grammar', message: 'Expected no grammar together with tools, unless tool_choice is "none".' }];
}

/** What holds between fields. */
export function chatCompletionRules(body: RawBody): Fault[] {
  const faults = [...samplingRules(body), ...toolRules(body), ...grammarFaults(body)];
  if (body['top_logprobs'] != null && body['logprobs'] !== true) {
    faults.push({ param: 'top_logprobs', message: 'top_logprobs is only allowed with "logprobs": true.' });
  }
  const messages: unknown = body['messages'];
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined;
  const isAssistant = typeof last === 'object' && last !== null && 'role' in last && last.role === 'assistant';
  if (body['continue_final_message'] === true && !isAssistant) {
    const message = 'Expected a last message of the role "assistant" for continue_final_message.';
    faults.push({ param: 'continue_final_message', message });
  }
  return faults;
}
