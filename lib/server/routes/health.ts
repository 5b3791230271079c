import { errorReply } from '../error-response.js';
import type { ErrorReply } from '../error-response.js';
import type { GetHandler } from '../get-json.js';
import { queueHealthOf } from '../queue-health.js';
import type { ServerContext } from '../server-context.js';

type Component = 'ok' | 'degraded' | 'failed' | 'off';

const ofQueue: Readonly<Partial<Record<string, Component>>> = { degraded: 'degraded', critical: 'failed' };

/** What the server consists of, and how each part is. */
function componentsOf(
  { background, catalog, exchanges, meter }: ServerContext,
  queue: string,
): Record<string, { readonly status: Component; readonly [detail: string]: unknown }> {
  const { models } = catalog.manager;
  const failed = models.filter(({ state }) => state.kind === 'failed').length;
  const loaded = models.filter(({ state }) => state.kind === 'loaded').length;
  const engine: Component = failed === 0 ? 'ok' : failed < models.length ? 'degraded' : 'failed';
  return {
    server: { status: exchanges.closing ? 'degraded' : 'ok', active_requests: exchanges.size },
    models: { status: engine, loaded, failed, known: models.length },
    queue: { status: ofQueue[queue] ?? 'ok' },
    background: { status: background === undefined ? 'off' : 'ok' },
    profiling: { status: meter === undefined ? 'off' : 'ok' },
    memory: { status: 'ok', resident_bytes: process.memoryUsage.rss() },
  };
}

/** GET /health: the process serves requests. How busy it is changes what it says, never the 200. */
export const live: GetHandler = (exchange) => {
  const { admission, catalog, queueHealth } = exchange.context;
  const statuses = admission.loadsOf(catalog.ready).map(({ load }) => load.status);
  const queue = queueHealthOf(statuses, queueHealth);
  const components = componentsOf(exchange.context, String(queue['status']));
  const uptime = Math.floor((performance.now() - exchange.context.startedMs) / 1000);
  exchange.sendJson(200, JSON.stringify({ status: 'ok', uptime_seconds: uptime, components, queue }));
};

/** The refusal when no request of any priority would be taken now. */
function fullReply({ admission, catalog }: ServerContext): ErrorReply | undefined {
  const loads = admission.loadsOf(catalog.ready).map(({ load }) => load);
  const isFull = admission.isFull || (loads.length > 0 && loads.every((load) => load.fill >= 1));
  if (!isFull) return undefined;
  const reply = errorReply('overloaded', 'The queue is full.');
  return { ...reply, retryAfterSeconds: Math.max(1, ...loads.map((load) => load.retrySeconds(1))) };
}

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
    const full = fullReply(exchange.context);
    if (full !== undefined) {
      exchange.sendError(full);
      return;
    }
    exchange.sendJson(200, JSON.stringify({ status: 'ready', models }));
    return;
  }
  const reply = readiness === 'loading' ? errorReply('model_loading', 'Models are still loading.') : readiness.error;
  // 503 also for a model that failed: whoever asks is a load balancer, which must not send requests here.
  exchange.sendError({ ...reply, status: 503, json: `${reply.json.slice(0, -1)},"models":${JSON.stringify(models)}}` });
};
