import { z } from 'zod';
import type { NativeGenerationRequest } from '../../native-types.js';
import { flag, integerBetween, looseObject, text } from './fields.js';

const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'] as const;
const effortError = `one of "${efforts.join('", "')}"`;
const formatError = '"auto", "deepseek" or "none"';

/** What chat requests say about how the model thinks. */
export const reasoningFields = {
  reasoning_effort: z.enum(efforts, { error: effortError }).nullish(),
  // llama.cpp's own.
  reasoning_format: z.enum(['auto', 'deepseek', 'none'], { error: formatError }).nullish(),
  enable_thinking: flag,
  reasoning_budget_tokens: integerBetween(-1, 2_000_000),
  thinking_budget_tokens: integerBetween(-1, 2_000_000),
  reasoning_budget_message: text,
  chat_template_kwargs: looseObject().nullish(),
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
