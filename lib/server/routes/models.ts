import { setTimeout as delay } from 'node:timers/promises';
import { errorReply, faultsReply, thrownReply } from '../error-response.js';
import type { Exchange } from '../exchange.js';
import type { GetHandler } from '../get-json.js';
import type { ModelSettings } from '../../manager/model-manager.js';
import type { JsonHandler } from '../post-json.js';
import { modelSettings, modelSettingsBody } from '../schemas/model-settings.js';
import { parseBody } from '../schemas/parse-body.js';
import { withModel } from '../with-model.js';

const prefix = '/v1/models/';

/** An id may contain slashes, encoded or not. */
function idFrom(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

/** What a POST to /v1/models/{id}/load or /unload asks for, and of which model. */
export function modelActionOf(path: string): { readonly id: string; readonly action: 'load' | 'unload' } | undefined {
  const match = /^\/v1\/models\/(?<id>.+)\/(?<action>load|unload)$/u.exec(path);
  const { id, action } = match?.groups ?? {};
  if (id === undefined || (action !== 'load' && action !== 'unload')) return undefined;
  return { id: idFrom(id), action };
}

/** GET /v1/models */
export const listModels: GetHandler = (exchange) => {
  exchange.sendJson(200, JSON.stringify({ object: 'list', data: exchange.context.catalog.describeAll() }));
};

/** GET /v1/models/{id} */
export const getModel: GetHandler = (exchange, path) => {
  const id = idFrom(path.slice(prefix.length));
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

/** POST /v1/models/{id}/load: answers once it is loaded. */
function load(exchange: Exchange, id: string, settings: ModelSettings): void {
  const { catalog } = exchange.context;
  const use = (): void => {
    exchange.sendJson(200, JSON.stringify(catalog.describe(id)));
  };
  withModel(exchange, catalog.load(id, settings), { use });
}

/** POST /v1/models/{id}/unload: answers once it is unloaded, or 202 when its generations take longer than that. */
function unload(exchange: Exchange, id: string, settings: ModelSettings): void {
  const { catalog, limits } = exchange.context;
  const model = catalog.manager.unload(id, settings);
  const isGone = model.gone().then(() => true);
  const takesLonger = delay(limits.modelWaitMs, false, { ref: false });
  Promise.race([isGone, takesLonger]).then(
    (gone) => {
      exchange.sendJson(gone ? 200 : 202, JSON.stringify(catalog.describe(id)));
    },
    (error: unknown) => {
      exchange.sendError(thrownReply(error));
    },
  );
}

/** POST /v1/models/{id}/load and /v1/models/{id}/unload */
export const changeModel: JsonHandler = (exchange, value, path) => {
  const wanted = modelActionOf(path);
  if (wanted === undefined) throw new Error(`There is no model action at ${path}.`);
  const parsed = parseBody(modelSettingsBody, () => [], value ?? {});
  if ('faults' in parsed) {
    exchange.sendError(faultsReply(parsed.faults));
    return;
  }
  const change = wanted.action === 'load' ? load : unload;
  change(exchange, wanted.id, modelSettings(parsed.data));
};
