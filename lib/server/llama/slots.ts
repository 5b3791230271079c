import { errorReply } from '../error-response.js';
import type { GetHandler } from '../get-json.js';
import type { ServedModel } from '../model-catalog.js';
import type { JsonHandler } from '../post-json.js';
import { withModel } from '../with-model.js';
import { modelInQuery } from './props.js';

/**
 * GET /slots: one entry per sequence. The engine gives sequences to requests anew at every step, so that which one is
 * busy says nothing: the first ones are shown as busy, as many as are.
 */
export const getSlots: GetHandler = (exchange, _path, query) => {
  const { context } = exchange;
  if (!context.slots) {
    exchange.sendError(errorReply('not_supported', 'This server was started with --no-slots.'));
    return;
  }
  exchange.register();
  const use = ({ model }: ServedModel): void => {
    const { workers } = model.queueStatus();
    if (workers.busy >= workers.total && new URLSearchParams(query).get('fail_on_no_slot')) {
      exchange.sendError(errorReply('overloaded', 'No slot is available.'));
      return;
    }
    const slots = Array.from({ length: workers.total }, (_, id) => ({
      id,
      n_ctx: model.info.contextSize,
      speculative: false,
      is_processing: id < workers.busy,
    }));
    exchange.sendJson(200, JSON.stringify(slots));
  };
  withModel(exchange, context.catalog.resolve(modelInQuery(query)), { use });
};

/** POST /slots/{id}?action=save|restore|erase */
export const postSlots: JsonHandler = (exchange) => {
  const message =
    'Sequences are not saved, restored or erased by clients here: the cache of prompts keeps them by itself ' +
    '(--cache-ram, --cache-disk).';
  exchange.sendError(errorReply('not_supported', message));
};
