import { errorReply } from '../error-response.js';
import type { GetHandler } from '../get-json.js';

/** GET /v1/models */
export const listModels: GetHandler = (exchange) => {
  exchange.sendJson(200, JSON.stringify({ object: 'list', data: exchange.context.catalog.describeAll() }));
};

/** GET /v1/models/{id}; an id may contain slashes, encoded or not. */
export const getModel: GetHandler = (exchange, path) => {
  const encoded = path.slice('/v1/models/'.length);
  let id: string;
  try {
    id = decodeURIComponent(encoded);
  } catch {
    id = encoded;
  }
  const model = exchange.context.catalog.describe(id);
  if (model !== undefined) exchange.sendJson(200, JSON.stringify(model));
  else
    exchange.sendError(
      errorReply(
        'model_not_found',
        `The model ${JSON.stringify(id.slice(0, 200))} does not exist on this server.`,
        'model',
      ),
    );
};
