/** What can be done with responses that were given before. */
import type { BackgroundRecord } from '../../background/background-record.js';
import type { BackgroundService } from '../../background/background-service.js';
import { errorReply, thrownReply } from '../error-response.js';
import type { Exchange } from '../exchange.js';
import type { GetHandler } from '../get-json.js';
import type { JsonHandler } from '../post-json.js';
import { backgroundResponse, responsesEndpoint } from './background-response.js';
import { shownItem } from './input-items.js';

const cancelSuffix = '/cancel';
const itemsSuffix = '/input_items';

/** Which methods a path under /v1/responses has; undefined for other paths. */
export function responseMethods(path: string): string | undefined {
  if (!path.startsWith(`${responsesEndpoint}/`)) return undefined;
  if (path.endsWith(cancelSuffix)) return 'POST, OPTIONS';
  return path.endsWith(itemsSuffix) ? 'GET, HEAD, OPTIONS' : 'GET, HEAD, DELETE, OPTIONS';
}

function idOf(path: string, suffix = ''): string {
  return path.slice(responsesEndpoint.length + 1, suffix === '' ? undefined : -suffix.length);
}

function sendMissing(exchange: Exchange, id: string): void {
  const message = `There is no stored response ${JSON.stringify(id.slice(0, 128))} here (any more).`;
  exchange.sendError(errorReply('request_not_found', message));
}

function findRecord({ context, owner }: Exchange, id: string): [BackgroundService, BackgroundRecord] | undefined {
  const record = context.background?.find(id, owner);
  if (context.background === undefined || record?.ticket.endpoint !== responsesEndpoint) return undefined;
  return [context.background, record];
}

function listInput(exchange: Exchange, id: string): void {
  const stored = exchange.context.responses.find(id, exchange.owner);
  if (stored === undefined) {
    sendMissing(exchange, id);
    return;
  }
  const data = stored.input.map(shownItem);
  const [first, last] = [data[0]?.['id'] ?? null, data.at(-1)?.['id'] ?? null];
  exchange.sendJson(200, JSON.stringify({ object: 'list', data, first_id: first, last_id: last, has_more: false }));
}

/** GET /v1/responses/{id} and /v1/responses/{id}/input_items */
export const getResponse: GetHandler = (exchange, path, query) => {
  if (path.endsWith(itemsSuffix)) {
    listInput(exchange, idOf(path, itemsSuffix));
    return;
  }
  if (new URLSearchParams(query).get('stream') === 'true') {
    const message = 'Expected no stream for a response that was given before: it is sent whole.';
    exchange.sendError(errorReply('invalid_argument', message, 'stream'));
    return;
  }
  const id = idOf(path);
  const stored = exchange.context.responses.find(id, exchange.owner);
  const record = stored === undefined ? findRecord(exchange, id) : undefined;
  if (stored !== undefined) exchange.sendJson(200, stored.json);
  else if (record !== undefined) exchange.sendJson(200, backgroundResponse(...record));
  else sendMissing(exchange, id);
};

/** POST /v1/responses/{id}/cancel: what has ended stays as it is. Only background responses can be cancelled. */
export const cancelResponse: JsonHandler = (exchange, _value, path) => {
  if (!path.endsWith(cancelSuffix)) {
    exchange.sendError(errorReply('not_found', `There is nothing at ${JSON.stringify(`POST ${path.slice(0, 200)}`)}.`));
    return;
  }
  const id = idOf(path, cancelSuffix);
  const found = findRecord(exchange, id);
  if (found === undefined) {
    const isStored = exchange.context.responses.find(id, exchange.owner) !== undefined;
    const message = 'Expected a response that was asked for with "background": true; this one is complete.';
    if (isStored) exchange.sendError(errorReply('invalid_argument', message));
    else sendMissing(exchange, id);
    return;
  }
  const [service, record] = found;
  service.cancel(record).then(
    () => {
      exchange.sendJson(200, backgroundResponse(service, record));
    },
    (thrown: unknown) => {
      exchange.sendError(thrownReply(thrown));
    },
  );
};

/** DELETE /v1/responses/{id}: ends it if it has not ended. */
export const deleteResponse: JsonHandler = (exchange, _value, path) => {
  const id = idOf(path);
  const { context, owner } = exchange;
  const found = findRecord(exchange, id);
  const isStored = context.responses.find(id, owner) !== undefined;
  if (!isStored && found === undefined) {
    sendMissing(exchange, id);
    return;
  }
  context.responses.remove(id);
  const removed = found === undefined ? Promise.resolve() : found[0].remove(found[1]);
  removed.then(
    () => {
      exchange.sendJson(200, JSON.stringify({ id, object: 'response', deleted: true }));
    },
    (thrown: unknown) => {
      exchange.sendError(thrownReply(thrown));
    },
  );
};
