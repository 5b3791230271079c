import type { GetHandler } from '../get-json.js';
import type { LoadLevel } from '../queue-load.js';
import { queueReport } from '../queue-report.js';

const levels: readonly LoadLevel[] = ['healthy', 'elevated', 'critical'];

/** GET /metrics/queue/status: what waits and runs on every loaded model. */
export const queueStatus: GetHandler = (exchange) => {
  const { admission, catalog, exchanges, sessions } = exchange.context;
  const loads = admission.loadsOf(catalog.ready);
  const models = loads.map(({ id, load }) => queueReport(id, load));
  const worst = Math.max(0, ...loads.map(({ load }) => levels.indexOf(load.level)));
  const report = {
    object: 'queue.status',
    level: levels[worst],
    models,
    server: { generations: exchanges.generations, held: admission.held, active_requests: exchanges.size },
    websocket: sessions.webSocket.counts(),
    sse: sessions.events.counts(),
    timestamp_ms: Date.now(),
  };
  exchange.sendJson(200, JSON.stringify(report));
};
