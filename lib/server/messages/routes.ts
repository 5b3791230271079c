import type { AnswerTarget } from '../answer-target.js';
import { answerTokenCount } from '../count-tokens.js';
import { faultsReply } from '../error-response.js';
import { chatRequests } from '../generation-requests.js';
import type { ServedModel } from '../model-catalog.js';
import type { JsonHandler } from '../post-json.js';
import { withDefaults } from '../request-defaults.js';
import { schedulingOf } from '../request-scheduling.js';
import type { RequestScheduling } from '../request-scheduling.js';
import type { ChatCompletionBody } from '../schemas/chat-completions.js';
import { parseBody } from '../schemas/parse-body.js';
import { startAnswer } from '../start-answer.js';
import { withModel } from '../with-model.js';
import { MessagesFormat } from './messages-format.js';
import { countTokensBody, messagesBody, messagesRules } from './request-body.js';
import { chatOf, promptOf } from './to-chat.js';

function answer(
  target: AnswerTarget,
  served: ServedModel,
  chat: ChatCompletionBody,
  scheduling: RequestScheduling,
): void {
  const requests = chatRequests(chat, served.model, scheduling);
  const format = new MessagesFormat(served, target.requestId);
  const plan = { served, requests, choicesPerPrompt: 1, format };
  startAnswer(target, { plan, scheduling, stream: chat.stream === true, includeUsage: true });
}

/** POST /v1/messages */
export const messages: JsonHandler = (exchange, value) => {
  const parsed = parseBody(messagesBody, messagesRules, value);
  if ('faults' in parsed) {
    exchange.sendError(faultsReply(parsed.faults));
    return;
  }
  const chat = chatOf(parsed.data);
  const wish = schedulingOf(exchange.caller, chat, exchange.context.priorities);
  if ('error' in wish) {
    exchange.sendError(wish.error);
    return;
  }
  const { scheduling } = wish;
  exchange.openRecord(scheduling);
  const use = (served: ServedModel): void => {
    answer(exchange, served, withDefaults(chat, exchange.context.defaults), scheduling);
  };
  const resolved = exchange.context.catalog.resolve(parsed.data.model ?? undefined);
  withModel(exchange, resolved, { use, deadlineMs: scheduling.deadlineMs });
};

/** POST /v1/messages/count_tokens */
export const countTokens: JsonHandler = (exchange, value) => {
  const parsed = parseBody(countTokensBody, messagesRules, value);
  if ('faults' in parsed) {
    exchange.sendError(faultsReply(parsed.faults));
    return;
  }
  const chat = promptOf(parsed.data);
  const use = (served: ServedModel): void => {
    answerTokenCount(exchange, served, chat);
  };
  withModel(exchange, exchange.context.catalog.resolve(parsed.data.model ?? undefined), { use });
};
