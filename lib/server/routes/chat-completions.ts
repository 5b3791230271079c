import type { AnswerTarget, RequestTarget } from '../answer-target.js';
import { backgroundWish, submitInBackground } from '../background-submission.js';
import { ChatFormat } from '../chat-format.js';
import { faultsReply } from '../error-response.js';
import { chatRequests } from '../generation-requests.js';
import type { ServedModel } from '../model-catalog.js';
import { withDefaults } from '../request-defaults.js';
import { schedulingOf, serviceTierOf } from '../request-scheduling.js';
import type { RequestScheduling } from '../request-scheduling.js';
import { chatCompletionBody, chatCompletionRules } from '../schemas/chat-completions.js';
import type { ChatCompletionBody } from '../schemas/chat-completions.js';
import { parseBody } from '../schemas/parse-body.js';
import { startAnswer } from '../start-answer.js';
import { withModel } from '../with-model.js';

function answer(
  target: AnswerTarget,
  served: ServedModel,
  body: ChatCompletionBody,
  scheduling: RequestScheduling,
): void {
  const requests = chatRequests(body, served.model, scheduling);
  const includeUsage = body.stream_options?.include_usage === true;
  const serviceTier = serviceTierOf(body, scheduling.tier);
  const format = new ChatFormat(served, requests.length, includeUsage, target.framing, serviceTier);
  const plan = { served, requests, choicesPerPrompt: requests.length, format };
  startAnswer(target, { plan, scheduling, stream: body.stream === true, includeUsage });
}

function answerBody(target: AnswerTarget, body: ChatCompletionBody, scheduling: RequestScheduling): void {
  const resolved = target.context.catalog.resolve(body.model ?? undefined);
  const use = (served: ServedModel): void => {
    answer(target, served, withDefaults(body, target.context.defaults), scheduling);
  };
  withModel(target, resolved, { use, deadlineMs: scheduling.deadlineMs });
}

/** Answers a body that was accepted for the background. */
export function answerChat(target: AnswerTarget, value: unknown, scheduling: RequestScheduling): void {
  const parsed = parseBody(chatCompletionBody, chatCompletionRules, value);
  if ('faults' in parsed) target.sendError(faultsReply(parsed.faults));
  else answerBody(target, parsed.data, scheduling);
}

/** POST /v1/chat/completions */
export const chatCompletions = (exchange: RequestTarget, value: unknown): void => {
  const parsed = parseBody(chatCompletionBody, chatCompletionRules, value);
  if ('faults' in parsed) {
    exchange.sendError(faultsReply(parsed.faults));
    return;
  }
  const body = parsed.data;
  const wish = schedulingOf(exchange.caller, backgroundWish(body), exchange.context.priorities);
  if ('error' in wish) {
    exchange.sendError(wish.error);
    return;
  }
  const { scheduling } = wish;
  if (body.background === true) {
    const model = body.model ?? undefined;
    submitInBackground(exchange, { endpoint: '/v1/chat/completions', value, model, weight: body.n ?? 1, scheduling });
    return;
  }
  exchange.openRecord(scheduling);
  answerBody(exchange, body, scheduling);
};
