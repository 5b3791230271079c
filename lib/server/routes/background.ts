import type { BackgroundRecord } from '../../background/background-record.js';
import type { BackgroundService } from '../../background/background-service.js';
import { backgroundJson, backgroundSummary } from '../background-json.js';
import { backgroundOff } from '../background-submission.js';
import { errorReply, faultsReply, thrownReply } from '../error-response.js';
import type { Fault } from '../error-response.js';
import type { Exchange } from '../exchange.js';
import type { GetHandler } from '../get-json.js';
import type { JsonHandler } from '../post-json.js';

export const backgroundPath = '/v1/background';
const cancelSuffix = '/cancel';
const listDefault = 20;
const listMost = 100;

/** Which methods a path under /v1/background has; undefined for other paths. */
export function backgroundMethods(path: string): string | undefined {
  if (path === backgroundPath) return 'GET, HEAD, OPTIONS';
  if (!path.startsWith(`${backgroundPath}/`)) return undefined;
  return path.endsWith(cancelSuffix) ? 'POST, OPTIONS' : 'GET, HEAD, DELETE, OPTIONS';
}

function ownerOf({ context, caller }: Exchange): string {
  return context.keys.ownerOf(caller.key);
}

/** The caller's record of that id; or undefined, and the request is answered. */
function findRecord(exchange: Exchange, id: string): [BackgroundService, BackgroundRecord] | undefined {
  const { background } = exchange.context;
  if (background === undefined) {
    exchange.sendError(backgroundOff);
    return undefined;
  }
  const record = background.find(id, ownerOf(exchange));
  if (record !== undefined) return [background, record];
  const message = `There is no background request ${JSON.stringify(id.slice(0, 128))}.`;
  exchange.sendError(errorReply('request_not_found', message));
  return undefined;
}

function idOf(path: string): string {
  return path.slice(backgroundPath.length + 1);
}

/** GET /v1/background/{id} */
export const getBackground: GetHandler = (exchange, path) => {
  const found = findRecord(exchange, idOf(path));
  if (found !== undefined) exchange.sendJson(200, backgroundJson(...found));
};

interface ListQuery {
  readonly limit: number;
  readonly after: string | undefined;
}

function listQuery(query: string): ListQuery | { readonly fault: Fault } {
  const parameters = new URLSearchParams(query);
  const given = parameters.get('limit') ?? String(listDefault);
  const limit = /^\d{1,3}$/.test(given) ? Number(given) : 0;
  if (limit >= 1 && limit <= listMost) return { limit, after: parameters.get('after') ?? undefined };
  const received = JSON.stringify(given.slice(0, 60));
  const message = `Expected a whole number from 1 to ${String(listMost)} for limit but received ${received}.`;
  return { fault: { param: 'limit', message } };
}

/** GET /v1/background?limit=&after=: the caller's own, newest first, without their answers. */
export const listBackground: GetHandler = (exchange, _path, query) => {
  const { background } = exchange.context;
  const wanted = listQuery(query);
  if (background === undefined || 'fault' in wanted) {
    exchange.sendError('fault' in wanted ? faultsReply([wanted.fault]) : backgroundOff);
    return;
  }
  const page = background.page(ownerOf(exchange), wanted.limit, wanted.after);
  if (page === undefined) {
    exchange.sendError(
      errorReply('request_not_found', 'There is no background request with the id of after.', 'after'),
    );
    return;
  }
  const data = page.records.map((record) => backgroundSummary(background, record));
  const [first, last] = [page.records[0]?.id ?? null, page.records.at(-1)?.id ?? null];
  exchange.sendJson(
    200,
    JSON.stringify({ object: 'list', data, first_id: first, last_id: last, has_more: page.hasMore }),
  );
};

function answerWhenDone(exchange: Exchange, done: Promise<void>, json: () => string): void {
  done.then(
    () => {
      exchange.sendJson(200, json());
    },
    (thrown: unknown) => {
      exchange.sendError(thrownReply(thrown));
    },
  );
}

/** POST /v1/background/{id}/cancel: what has ended stays as it is. */
export const cancelBackground: JsonHandler = (exchange, _value, path) => {
  if (!path.endsWith(cancelSuffix)) {
    exchange.sendError(errorReply('not_found', `There is nothing at ${JSON.stringify(`POST ${path.slice(0, 200)}`)}.`));
    return;
  }
  const found = findRecord(exchange, idOf(path).slice(0, -cancelSuffix.length));
  if (found === undefined) return;
  const [service, record] = found;
  answerWhenDone(exchange, service.cancel(record), () => backgroundJson(service, record));
};

/** DELETE /v1/background/{id}: ends it if it has not ended. */
export const deleteBackground: JsonHandler = (exchange, _value, path) => {
  const found = findRecord(exchange, idOf(path));
  if (found === undefined) return;
  const [service, record] = found;
  const { id } = record;
  answerWhenDone(exchange, service.remove(record), () => JSON.stringify({ id, object: 'background', deleted: true }));
};
