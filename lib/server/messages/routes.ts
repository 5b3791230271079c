import type { AnswerTarget } from '../answer-target.js';
import { chatTurns } from '../chat-turns.js';
import { errorReply, faultsReply } from '../error-response.js';
import type { Exchange } from '../exchange.js';
import { chatRequests } from '../generation-requests.js';
import type { ServedModel } from '../model-catalog.js';
import type { JsonHandler } from '../post-json.js';
import { requireRoomForChat } from '../prompt-length.js';
import { withDefaults } from '../request-defaults.js';
import { schedulingOf } from '../request-scheduling.js';
import type { RequestScheduling } from '../request-scheduling.js';
import type { ChatCompletionBody } from '../schemas/chat-completions.js';
import { parseBody } from '../schemas/parse-body.js';
import { offeredTools } from '../schemas/tools.js';
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

/** The tokens of the prompt that the template makes of it. */
function count(exchange: Exchange, { model }: ServedModel, chat: ChatCompletionBody): void {
  if (model.renderChat === undefined || model.tokenize === undefined) {
    exchange.sendError(errorReply('no_vocabulary', 'This model cannot render chats.', 'model'));
    return;
  }
  requireRoomForChat(chat.messages, model.info);
  const { tools, choice } = offeredTools(chat);
  const offered = choice === 'none' ? {} : { tools };
  const prompt = model.renderChat(chatTurns(chat.messages), { ...offered, addGenerationPrompt: true });
  const tokens = model.tokenize(prompt, { addSpecial: true, parseSpecial: true });
  exchange.sendJson(200, JSON.stringify({ input_tokens: tokens.length }), [exchange.processingHeader()]);
}

/** POST /v1/messages/count_tokens */
export const countTokens: JsonHandler = (exchange, value) => {
  const parsed = parseBody(countTokensBody, messagesRules, value);
  if ('faults' in parsed) {
    exchange.sendError(faultsReply(parsed.faults));
    return;
  }
  const chat = promptOf(parsed.data);
  const use = (served: ServedModel): void => {
    count(exchange, served, chat);
  };
  withModel(exchange, exchange.context.catalog.resolve(parsed.data.model ?? undefined), { use });
};
