import { ChatFormat } from '../chat-format.js';
import { faultsReply } from '../error-response.js';
import { chatRequests } from '../generation-requests.js';
import type { JsonHandler } from '../post-json.js';
import { chatCompletionBody, chatCompletionRules } from '../schemas/chat-completions.js';
import { parseBody } from '../schemas/parse-body.js';
import { StreamedAnswer } from '../streamed-answer.js';
import { answerWhole } from '../whole-answer.js';

/** POST /v1/chat/completions */
export const chatCompletions: JsonHandler = (exchange, value) => {
  const parsed = parseBody(chatCompletionBody, chatCompletionRules, value);
  if ('faults' in parsed) {
    exchange.sendError(faultsReply(parsed.faults));
    return;
  }
  const body = parsed.data;
  const resolved = exchange.context.catalog.resolve(body.model ?? undefined);
  if ('error' in resolved) {
    exchange.sendError(resolved.error);
    return;
  }
  const { served } = resolved;
  const requests = chatRequests(body, served.model.info.contextSize);
  const includeUsage = body.stream_options?.include_usage === true;
  const format = new ChatFormat(served, requests.length, includeUsage);
  const plan = { served, requests, choicesPerPrompt: requests.length, format };
  if (body.stream === true) new StreamedAnswer(exchange, plan, includeUsage);
  else answerWhole(exchange, plan);
};
