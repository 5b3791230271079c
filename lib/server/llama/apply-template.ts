import { chatTurns } from '../chat-turns.js';
import { errorReply, faultsReply } from '../error-response.js';
import type { Exchange } from '../exchange.js';
import type { ServedModel } from '../model-catalog.js';
import type { JsonHandler } from '../post-json.js';
import { requireRoomForChat } from '../prompt-length.js';
import { withDefaults } from '../request-defaults.js';
import { applyTemplateBody, applyTemplateRules } from '../schemas/apply-template.js';
import type { ApplyTemplateBody } from '../schemas/apply-template.js';
import { parseBody } from '../schemas/parse-body.js';
import { reasoningRequest } from '../schemas/reasoning.js';
import { offeredTools } from '../schemas/tools.js';
import { withModel } from '../with-model.js';

function answer(exchange: Exchange, { model }: ServedModel, body: ApplyTemplateBody): void {
  if (model.renderChat === undefined) {
    exchange.sendError(errorReply('no_vocabulary', 'This model cannot render chats.', 'model'));
    return;
  }
  requireRoomForChat(body.messages, model.info);
  const { tools, choice } = offeredTools(body);
  const prompt = model.renderChat(chatTurns(body.messages), {
    ...(choice === 'none' ? {} : { tools }),
    addGenerationPrompt: body.add_generation_prompt ?? true,
    templateArguments: reasoningRequest(withDefaults(body, exchange.context.defaults)).templateArguments,
  });
  exchange.sendJson(200, JSON.stringify({ prompt }), [exchange.processingHeader()]);
}

/** POST /apply-template: the prompt that the same messages would be for /v1/chat/completions. */
export const applyTemplate: JsonHandler = (exchange, value) => {
  const parsed = parseBody(applyTemplateBody, applyTemplateRules, value);
  if ('faults' in parsed) {
    exchange.sendError(faultsReply(parsed.faults));
    return;
  }
  const body = parsed.data;
  const use = (served: ServedModel): void => {
    answer(exchange, served, body);
  };
  withModel(exchange, exchange.context.catalog.resolve(body.model ?? undefined), { use });
};
