import { errorReply, thrownReply } from '../error-response.js';
import type { GetHandler } from '../get-json.js';

/** Only who asks for it first gets OpenMetrics; browsers and older scrapers ask for anything. */
function wantsOpenMetrics(accept: string): boolean {
  return /^\s*application\/openmetrics-text/u.test(accept);
}

/** GET /metrics: for Prometheus. */
export const metrics: GetHandler = (exchange) => {
  const { meter } = exchange.context;
  if (meter === undefined) {
    exchange.sendError(errorReply('not_found', 'Profiling is switched off on this server.'));
    return;
  }
  exchange.register();
  const { registries } = meter.metrics;
  const registry = wantsOpenMetrics(exchange.accept) ? registries.open : registries.plain;
  registry.metrics().then(
    (text) => {
      exchange.sendText(200, registry.contentType, text);
    },
    (error: unknown) => {
      exchange.sendError(thrownReply(error));
    },
  );
};
