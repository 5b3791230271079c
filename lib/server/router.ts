import type { HttpRequest, HttpResponse, TemplatedApp } from 'uWebSockets.js';
import { errorReply } from './error-response.js';
import { Exchange } from './exchange.js';
import { getJson } from './get-json.js';
import type { GetHandler } from './get-json.js';
import { behindHostCheck } from './route-table.js';
import { infer, inferenceHeader } from './inference/infer.js';
import { modelPathOf } from './inference/model-path.js';
import { inferenceGetRoutes, repositoryIndex } from './inference/routes.js';
import { llamaGetRoutes, llamaPostRoutes } from './llama/routes.js';
import { countTokens, messages } from './messages/routes.js';
import { postBytes } from './post-bytes.js';
import { postJson } from './post-json.js';
import type { JsonHandler } from './post-json.js';
import {
  backgroundMethods,
  backgroundPath,
  cancelBackground,
  deleteBackground,
  getBackground,
  listBackground,
} from './routes/background.js';
import { chatCompletions } from './routes/chat-completions.js';
import { classify } from './routes/classify.js';
import { completions } from './routes/completions.js';
import { embeddings } from './routes/embeddings.js';
import { live, ready } from './routes/health.js';
import { chatInputTokens, responseInputTokens, responseInputTokensPath } from './routes/input-tokens.js';
import { changeModel, getModel, listModels, modelActionOf } from './routes/models.js';
import { metrics } from './routes/metrics.js';
import { responses } from './responses/routes.js';
import { cancelResponse, deleteResponse, getResponse, responseMethods } from './responses/stored-routes.js';
import {
  exportProfiles,
  profileAnomalies,
  profileStatistics,
  profileTimeline,
  recentProfiles,
  saveBaseline,
} from './routes/profiles.js';
import { docsPage, openApiJson } from './routes/description.js';
import { queueStatus } from './routes/queue-status.js';
import { getRequest } from './routes/requests.js';
import { rerank } from './routes/rerank.js';
import { detokenize, tokenize } from './routes/tokenize.js';
import type { ServerContext } from './server-context.js';
import { getStatic } from './static-content.js';
import type { StaticContent } from './static-content.js';
import { upgradeRequired } from './routes/upgrade-required.js';
import { eventStreamPath, ticketPath } from './sse/routes.js';
import type { EventStreamRoutes } from './sse/routes.js';
import { webSocketPath } from './websocket/dispatch.js';

interface GetRoute {
  readonly path: string;
  readonly needsKey: boolean;
  readonly handle: GetHandler;
}

interface PostRoute {
  readonly path: string;
  readonly handle: JsonHandler;
  /** Default true. */
  readonly needsBody?: boolean;
}

const getRoutes: readonly GetRoute[] = [
  ...llamaGetRoutes,
  ...inferenceGetRoutes,
  { path: '/health', needsKey: false, handle: live },
  { path: '/health/ready', needsKey: false, handle: ready },
  { path: '/v1/models', needsKey: true, handle: listModels },
  { path: '/v1/models/*', needsKey: true, handle: getModel },
  { path: '/v1/responses/*', needsKey: true, handle: getResponse },
  { path: '/v1/requests/*', needsKey: true, handle: getRequest },
  { path: backgroundPath, needsKey: true, handle: listBackground },
  { path: `${backgroundPath}/*`, needsKey: true, handle: getBackground },
  // Upgrades do not come here.
  { path: webSocketPath, needsKey: false, handle: upgradeRequired },
  { path: '/metrics', needsKey: true, handle: metrics },
  { path: '/metrics/queue/status', needsKey: true, handle: queueStatus },
  { path: '/metrics/profiles/recent', needsKey: true, handle: recentProfiles },
  { path: '/metrics/profiles/stats', needsKey: true, handle: profileStatistics },
  { path: '/metrics/profiles/timeline', needsKey: true, handle: profileTimeline },
  { path: '/metrics/profiles/anomalies', needsKey: true, handle: profileAnomalies },
  { path: '/metrics/profiles/export', needsKey: true, handle: exportProfiles },
];

const postRoutes: readonly PostRoute[] = [
  ...llamaPostRoutes,
  { path: '/v1/chat/completions', handle: chatCompletions },
  { path: '/v1/chat/completions/input_tokens', handle: chatInputTokens },
  { path: '/v1/completions', handle: completions },
  { path: '/v1/responses', handle: responses },
  { path: responseInputTokensPath, handle: responseInputTokens },
  { path: '/v1/messages', handle: messages },
  { path: '/v1/messages/count_tokens', handle: countTokens },
  { path: '/v1/embeddings', handle: embeddings },
  { path: '/v1/rerank', handle: rerank },
  { path: '/v1/classify', handle: classify },
  { path: '/v2/repository/index', handle: repositoryIndex, needsBody: false },
  { path: '/tokenize', handle: tokenize },
  { path: '/detokenize', handle: detokenize },
];

const inferencePath = '/v2/models/*';
const staticRoutes: readonly { readonly path: string; readonly content: StaticContent }[] = [
  { path: '/openapi.json', content: openApiJson },
  { path: '/docs', content: docsPage },
];

const baselinePath = '/metrics/profiles/baseline';

/** The `Allow` header of a path that some route serves, else undefined. */
function allowedMethods(path: string): string | undefined {
  if (path === baselinePath || path === responseInputTokensPath || path === ticketPath) return 'POST, OPTIONS';
  if (modelActionOf(path) !== undefined) return 'POST, OPTIONS';
  // A HEAD would have nothing to tell.
  if (path === eventStreamPath) return 'GET, POST, OPTIONS';
  if (modelPathOf(path)?.action === 'infer') return 'POST, OPTIONS';
  const kept = backgroundMethods(path) ?? responseMethods(path);
  if (kept !== undefined) return kept;
  const isServed = (route: { readonly path: string }): boolean =>
    route.path.endsWith('/*') ? path.startsWith(route.path.slice(0, -1)) : route.path === path;
  const methods = [
    ...(getRoutes.some(isServed) || staticRoutes.some(isServed) ? ['GET', 'HEAD'] : []),
    ...(postRoutes.some(isServed) ? ['POST'] : []),
  ];
  return methods.length === 0 ? undefined : [...methods, 'OPTIONS'].join(', ');
}

/** POST /v1/models/{id}/…, where an id may contain slashes; other paths are left to the routes behind. */
function modelActions(context: ServerContext) {
  const handler = postJson(context, changeModel, false);
  return (res: HttpResponse, req: HttpRequest, route: string): void => {
    if (modelActionOf(req.getUrl()) === undefined) req.setYield(true);
    else handler(res, req, route);
  };
}

/** Whatever no route took: preflights, wrong methods, unknown paths. */
function fallback(context: ServerContext) {
  return (res: HttpResponse, req: HttpRequest, route: string): void => {
    const exchange = new Exchange(context, res, req, route);
    const path = req.getUrl();
    const allow = allowedMethods(path);
    const method = req.getCaseSensitiveMethod();
    if (allow === undefined) {
      const where = JSON.stringify(`${method.slice(0, 20)} ${path.slice(0, 200)}`);
      exchange.sendError(errorReply('not_found', `There is nothing at ${where}.`));
    } else if (method === 'OPTIONS') {
      const requested = req.getHeader('access-control-request-headers');
      const preflight = context.cors.enabled ? context.cors.preflightHeaders(allow, requested) : [];
      exchange.sendEmpty(204, [['allow', allow], ...preflight]);
    } else {
      const reply = errorReply(
        'method_not_allowed',
        `Expected ${allow} for ${JSON.stringify(path.slice(0, 200))} but received ${JSON.stringify(method.slice(0, 20))}.`,
      );
      exchange.sendMethodNotAllowed(reply, allow);
    }
  };
}

export function addRoutes(uwsApp: TemplatedApp, context: ServerContext, events: EventStreamRoutes): void {
  const app = behindHostCheck(uwsApp, context);
  for (const { path, needsKey, handle } of getRoutes) {
    const handler = getJson(context, needsKey, handle);
    app.get(path, handler);
    app.head(path, handler);
  }
  app.get(eventStreamPath, events.get(context));
  app.post(eventStreamPath, postJson(context, events.post));
  app.post(ticketPath, postJson(context, events.postTicket));
  for (const { path, content } of staticRoutes) {
    const handler = getStatic(context, content);
    app.get(path, handler);
    app.head(path, handler);
  }
  for (const { path, handle, needsBody } of postRoutes) app.post(path, postJson(context, handle, needsBody));
  app.post('/v1/models/*', modelActions(context));
  app.post(inferencePath, postBytes(context, inferenceHeader, infer));
  app.post(baselinePath, postJson(context, saveBaseline, false));
  app.post(`${backgroundPath}/*`, postJson(context, cancelBackground, false));
  app.del(`${backgroundPath}/*`, postJson(context, deleteBackground, false));
  app.post('/v1/responses/*', postJson(context, cancelResponse, false));
  app.del('/v1/responses/*', postJson(context, deleteResponse, false));
  app.any('/*', fallback(context));
}
