/** How many tokens a request would be, without an answer: the same bodies, and nothing is generated. */
import { answerTokenCount } from '../count-tokens.js';
import { faultsReply } from '../error-response.js';
import type { Exchange } from '../exchange.js';
import type { ServedModel } from '../model-catalog.js';
import type { JsonHandler } from '../post-json.js';
import { messagesOf } from '../responses/input-items.js';
import { itemsOf } from '../responses/routes.js';
import { chatOf, responsesBody, responsesRules } from '../responses/request-body.js';
import { chatCompletionBody, chatCompletionRules } from '../schemas/chat-completions.js';
import type { ChatCompletionBody } from '../schemas/chat-completions.js';
import { parseBody } from '../schemas/parse-body.js';
import { withModel } from '../with-model.js';

export const responseInputTokensPath = '/v1/responses/input_tokens';

function count(exchange: Exchange, chat: ChatCompletionBody): void {
  const use = (served: ServedModel): void => {
    answerTokenCount(exchange, served, chat, { object: 'response.input_tokens' });
  };
  withModel(exchange, exchange.context.catalog.resolve(chat.model ?? undefined), { use });
}

/** POST /v1/chat/completions/input_tokens */
export const chatInputTokens: JsonHandler = (exchange, value) => {
  const parsed = parseBody(chatCompletionBody, chatCompletionRules, value);
  if ('faults' in parsed) exchange.sendError(faultsReply(parsed.faults));
  else count(exchange, parsed.data);
};

/** POST /v1/responses/input_tokens */
export const responseInputTokens: JsonHandler = (exchange, value) => {
  const parsed = parseBody(responsesBody, responsesRules, value);
  if ('faults' in parsed) {
    exchange.sendError(faultsReply(parsed.faults));
    return;
  }
  const found = itemsOf(exchange, parsed.data);
  if ('fault' in found) exchange.sendError(faultsReply([found.fault]));
  else count(exchange, chatOf(parsed.data, messagesOf(found.items)));
};
