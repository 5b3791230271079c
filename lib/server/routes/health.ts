import { errorReply } from '../error-response.js';
import type { GetHandler } from '../get-json.js';

/** GET /health: the process serves requests. */
export const live: GetHandler = (exchange) => {
  exchange.sendJson(200, '{"status":"ok"}');
};

/** GET /health/ready: every model is loaded and the server is not shutting down. */
export const ready: GetHandler = (exchange) => {
  const { catalog, exchanges } = exchange.context;
  if (exchanges.closing) {
    exchange.sendError(errorReply('shutting_down', 'The server is shutting down.'));
    return;
  }
  const readiness = catalog.readiness();
  const models = catalog.progress();
  if (readiness === 'ready') {
    exchange.sendJson(200, JSON.stringify({ status: 'ready', models }));
    return;
  }
  const reply = readiness === 'loading' ? errorReply('model_loading', 'Models are still loading.') : readiness.error;
  // 503 also for a model that failed: whoever asks is a load balancer, which must not send requests here.
  exchange.sendError({ ...reply, status: 503, json: `${reply.json.slice(0, -1)},"models":${JSON.stringify(models)}}` });
};
