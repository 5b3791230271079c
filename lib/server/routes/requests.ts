import { errorReply } from '../error-response.js';
import type { GetHandler } from '../get-json.js';

const prefix = '/v1/requests/';

/** GET /v1/requests/{x-request-id}: where a request stands that has not ended. */
export const getRequest: GetHandler = (exchange, path) => {
  const id = path.slice(prefix.length);
  const record = exchange.context.ledger.find(id);
  if (record?.state !== 'open') {
    const message = `No request with the id ${JSON.stringify(id.slice(0, 128))} waits or runs here.`;
    exchange.sendError(errorReply('request_not_found', message));
    return;
  }
  const { modelId, position, scheduling } = record;
  const answer = {
    id,
    object: 'request',
    model: modelId ?? null,
    state: position?.state ?? 'held',
    position: position?.position ?? null,
    eta_ms: position?.etaMs ?? null,
    priority: scheduling.tier,
    tags: scheduling.tags,
    retry_count: scheduling.retryCount,
    dependencies: scheduling.dependencies,
  };
  exchange.sendJson(200, JSON.stringify(answer));
};
