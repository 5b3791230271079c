import { z } from 'zod';
import type { Fault } from '../error-response.js';
import { flag, text } from './fields.js';
import { messages } from './messages.js';
import { reasoningFields } from './reasoning.js';
import type { RawBody } from './sampling.js';
import { toolFields, toolRules } from './tools.js';

/** Body of POST /apply-template. */
export const applyTemplateBody = z.object(
  {
    model: text.describe('A model of GET /v1/models; without it the first one.'),
    messages: messages.describe('The conversation.'),
    ...toolFields,
    add_generation_prompt: flag.describe("End with the beginning of the assistant's turn. Default true."),
    ...reasoningFields,
  },
  { error: 'a JSON object' },
);

export type ApplyTemplateBody = z.infer<typeof applyTemplateBody>;

export function applyTemplateRules(body: RawBody): Fault[] {
  return toolRules(body);
}
