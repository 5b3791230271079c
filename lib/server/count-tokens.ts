import { chatTurns } from './chat-turns.js';
import { errorReply } from './error-response.js';
import type { Exchange } from './exchange.js';
import type { ServedModel } from './model-catalog.js';
import { requireRoomForChat } from './prompt-length.js';
import { withDefaults } from './request-defaults.js';
import type { ChatCompletionBody } from './schemas/chat-completions.js';
import { reasoningRequest } from './schemas/reasoning.js';
import { offeredTools } from './schemas/tools.js';

/**
 * Answers with the number of tokens of the prompt that the template makes of a chat.
 * @throws InfernoError `context_length_exceeded`, `invalid_chat_template`.
 */
export function answerTokenCount(
  exchange: Exchange,
  { model }: ServedModel,
  chat: ChatCompletionBody,
  fields: Readonly<Record<string, unknown>> = {},
): void {
  if (model.renderChat === undefined || model.tokenize === undefined) {
    exchange.sendError(errorReply('no_vocabulary', 'This model cannot render chats.', 'model'));
    return;
  }
  requireRoomForChat(chat.messages, model.info);
  const { tools, choice } = offeredTools(chat);
  const prompt = model.renderChat(chatTurns(chat.messages), {
    ...(choice === 'none' ? {} : { tools }),
    addGenerationPrompt: true,
    templateArguments: reasoningRequest(withDefaults(chat, exchange.context.defaults)).templateArguments,
  });
  const tokens = model.tokenize(prompt, { addSpecial: true, parseSpecial: true });
  exchange.sendJson(200, JSON.stringify({ ...fields, input_tokens: tokens.length }), [exchange.processingHeader()]);
}
