import { errorReply } from '../error-response.js';
import type { GetHandler } from '../get-json.js';
import type { JsonHandler } from '../post-json.js';

/** GET /lora-adapters: there are none. */
export const getLoraAdapters: GetHandler = (exchange) => {
  exchange.sendJson(200, '[]');
};

/** POST /lora-adapters: a list that sets none is fine. */
export const postLoraAdapters: JsonHandler = (exchange, value) => {
  if (Array.isArray(value) && value.length === 0) {
    exchange.sendJson(200, JSON.stringify({ success: true }));
    return;
  }
  exchange.sendError(errorReply('not_supported', 'This server has no LoRA adapters.'));
};
