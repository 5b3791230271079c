import type { AnswerTarget } from '../answer-target.js';
import { ChatFormat } from '../chat-format.js';
import { generationHandlers } from '../generation-route.js';
import { chatRequests } from '../generation-requests.js';
import type { ServedModel } from '../model-catalog.js';
import { withDefaults } from '../request-defaults.js';
import { serviceTierOf } from '../request-scheduling.js';
import type { RequestScheduling } from '../request-scheduling.js';
import { chatCompletionBody, chatCompletionRules } from '../schemas/chat-completions.js';
import type { ChatCompletionBody } from '../schemas/chat-completions.js';
import { startAnswer } from '../start-answer.js';

function answer(
  target: AnswerTarget,
  served: ServedModel,
  asked: ChatCompletionBody,
  scheduling: RequestScheduling,
): void {
  const body = withDefaults(asked, target.context.defaults);
  const requests = chatRequests(body, served.model, scheduling);
  const includeUsage = body.stream_options?.include_usage === true;
  const serviceTier = serviceTierOf(body, scheduling.tier);
  const format = new ChatFormat(served, requests.length, includeUsage, target.framing, serviceTier);
  const plan = { served, requests, choicesPerPrompt: requests.length, format };
  startAnswer(target, { plan, scheduling, stream: body.stream === true, includeUsage });
}

/** POST /v1/chat/completions, and what was accepted for the background. */
export const { post: chatCompletions, answerAccepted: answerChat } = generationHandlers({
  endpoint: '/v1/chat/completions',
  schema: chatCompletionBody,
  rules: chatCompletionRules,
  weight: ({ n }) => n ?? 1,
  answer,
});
