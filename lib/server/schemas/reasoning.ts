import { z } from 'zod';
import type { NativeGenerationRequest } from '../../native-types.js';
import { flag, integerBetween, looseObject, text } from './fields.js';

const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'] as const;
const effortError = `one of "${efforts.join('", "')}"`;
const formatError = '"auto", "deepseek" or "none"';

/** What chat requests say about how the model thinks. */
export const reasoningFields = {
  reasoning_effort: z
    .enum(efforts, { error: effortError })
    .nullish()
    .describe('How much the model shall think, for templates that know; `none` turns it off.'),
  // llama.cpp's own.
  reasoning_format: z
    .enum(['auto', 'deepseek', 'none'], { error: formatError })
    .nullish()
    .describe('Where thoughts go: `auto` and `deepseek` into reasoning_content, `none` leaves them in the content.'),
  enable_thinking: flag.describe("llama.cpp's switch for templates that can think."),
  reasoning_budget_tokens: integerBetween(-1, 2_000_000).describe(
    'After so many tokens of thought the thinking is ended; -1 for no limit.',
  ),
  thinking_budget_tokens: integerBetween(-1, 2_000_000).describe('Another name of reasoning_budget_tokens.'),
  reasoning_budget_message: text.describe('Said for the model when its budget of thought is used up.'),
  chat_template_kwargs: looseObject().nullish().describe('Variables of the chat template.'),
};

export type ReasoningBody = z.infer<z.ZodObject<typeof reasoningFields>>;

type ReasoningRequest = Pick<
  NativeGenerationRequest,
  'parseReasoning' | 'reasoningBudget' | 'reasoningBudgetMessage'
> & { readonly templateArguments: Readonly<Record<string, unknown>> };

/** Variables for the template: an explicit one of the caller's wins. */
function templateArguments(body: ReasoningBody): Record<string, unknown> {
  const effort = body.reasoning_effort ?? undefined;
  return {
    ...(effort === undefined || effort === 'none' ? {} : { reasoning_effort: effort }),
    ...(effort === 'none' ? { enable_thinking: false } : {}),
    ...(body.enable_thinking == null ? {} : { enable_thinking: body.enable_thinking }),
    ...body.chat_template_kwargs,
  };
}

export function reasoningRequest(body: ReasoningBody): ReasoningRequest {
  const budget = body.reasoning_budget_tokens ?? body.thinking_budget_tokens ?? -1;
  return {
    parseReasoning: body.reasoning_format !== 'none',
    ...(budget < 0 ? {} : { reasoningBudget: budget }),
    ...(body.reasoning_budget_message == null ? {} : { reasoningBudgetMessage: body.reasoning_budget_message }),
    templateArguments: templateArguments(body),
  };
}
