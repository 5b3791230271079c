import type webSockets from 'uWebSockets.js';
import type { TemplatedApp, us_listen_socket } from 'uWebSockets.js';
import { InfernoError } from '../errors.js';
import { Admission } from './admission.js';
import { ApiKeys } from './api-keys.js';
import { openBackground } from './background-options.js';
import { Cors } from './cors.js';
import { HostCheck } from './host-check.js';
import { ExchangeRegistry } from './exchange-registry.js';
import { openMeter } from './metrics/open-meter.js';
import { ServerMetrics } from './metrics/server-metrics.js';
import { ModelCatalog } from './model-catalog.js';
import { PriorityPolicy } from './priority-policy.js';
import { resolveQueueHealth } from './queue-health.js';
import { RequestLedger } from './request-ledger.js';
import { ResponseStore } from './responses/response-store.js';
import { openTracing } from '../tracing/open-tracing.js';
import { resolveDefaults } from './request-defaults.js';
import { addRoutes } from './router.js';
import type { ServerContext } from './server-context.js';
import { resolveLimits } from './server-limits.js';
import type { ServerOptions } from './server-options.js';
import { resolveTokenBatching } from './frame-batching.js';
import type { Session } from './sessions/session.js';
import { SessionPool } from './sessions/session-pool.js';
import { resolveEventStreams } from './sse/event-stream-options.js';
import { EventStreamRoutes } from './sse/routes.js';
import { resolveWebSocketOptions } from './websocket/socket-options.js';
import type { ResolvedWebSocketOptions } from './websocket/socket-options.js';
import { addWebSocketRoute } from './websocket/websocket-route.js';

export interface CloseOptions {
  /** How long running requests may go on; default 10,000. What is left then ends with the error `shutting_down`. */
  readonly drainMs?: number;
}

/** A listening server. */
export interface InfernoServer {
  /** e.g. `http://127.0.0.1:8080`, without a path. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Open TCP connections. */
  readonly connections: number;
  /** Requests that are not answered in full. */
  readonly activeRequests: number;
  /**
   * Resolves once every model that was to be loaded at start has been; rejects with the first failure. The server answers
   * before that, too: requests wait for their model.
   */
  ready(): Promise<void>;
  /** Stops accepting, lets running requests finish, ends the rest, closes all connections, unloads what it loaded. Idempotent. */
  close(options?: CloseOptions): Promise<void>;
}

/** An app may be listened on with a host and options; the package's types leave that form out. */
interface ListeningApp {
  listen(host: string, port: number, options: number, callback: (socket: us_listen_socket | false) => void): unknown;
}

/** uWebSockets.js shares ports between processes unless told not to; a second server must fail instead. */
const exclusivePort = 1;

function listen(app: TemplatedApp, host: string, port: number): us_listen_socket {
  let socket: us_listen_socket | false = false;
  // The callback runs before `listen` returns.
  (app as unknown as ListeningApp).listen(host, port, exclusivePort, (opened) => {
    socket = opened;
  });
  if (socket !== false) return socket;
  app.close();
  throw new InfernoError(
    'invalid_argument',
    `Cannot listen on ${host}:${String(port)}: the port is in use or the address is not this machine's.`,
  );
}

type WebSockets = typeof webSockets;

/** Loaded only when a server is made: its binaries are for fewer platforms than ours, and the rest works without. */
async function loadWebSockets(): Promise<WebSockets> {
  try {
    return (await import('uWebSockets.js')).default;
  } catch (error) {
    throw new InfernoError(
      'backend_missing',
      'uWebSockets.js has no binary for this platform and version of Node.js.',
      {
        cause: error,
        remedy:
          'Use a version of Node.js that uWebSockets.js supports (20, 22 or 24 on glibc Linux, macOS or Windows).',
      },
    );
  }
}

/** How long the last bytes of compressed answers may take. */
const lastBytesMs = 2000;

interface ServerParts {
  readonly context: ServerContext;
  readonly uws: WebSockets;
  readonly host: string;
  readonly port: number;
  readonly webSocket: ResolvedWebSocketOptions;
  readonly sockets: SessionPool<Session>;
  readonly events: EventStreamRoutes;
  readonly metrics: ServerMetrics | undefined;
}

class Server implements InfernoServer {
  readonly url: string;
  readonly host: string;
  readonly #uws: WebSockets;
  readonly #app: TemplatedApp;
  readonly #context: ServerContext;
  readonly #listener: us_listen_socket;
  readonly #sockets: SessionPool<Session>;
  readonly #events: EventStreamRoutes;
  readonly #metrics: ServerMetrics | undefined;
  #connections = 0;
  #closed: Promise<void> | undefined;

  constructor({ context, uws, host, port, webSocket, sockets, events, metrics }: ServerParts) {
    this.host = host;
    this.#metrics = metrics;
    this.#context = context;
    this.#sockets = sockets;
    this.#events = events;
    this.#uws = uws;
    this.#app = uws.App();
    this.#app.filter((_res, change) => {
      this.#connections += Number(change);
    });
    const onClose = (): void => {
      // The filter hears of every new connection, but only HTTP ones are reported closed to it.
      this.#connections--;
    };
    addWebSocketRoute(this.#app, uws, { context, options: webSocket, sessions: sockets, onClose });
    addRoutes(this.#app, context, events);
    this.#listener = listen(this.#app, host, port);
    this.port = uws.us_socket_local_port(this.#listener);
    this.url = `http://${host.includes(':') ? `[${host}]` : host}:${String(this.port)}`;
  }

  readonly port: number;

  get connections(): number {
    return this.#connections;
  }

  get activeRequests(): number {
    return this.#context.exchanges.size;
  }

  async ready(): Promise<void> {
    return this.#context.catalog.manager.ready();
  }

  async close({ drainMs = 10_000 }: CloseOptions = {}): Promise<void> {
    this.#closed ??= this.#close(drainMs);
    return this.#closed;
  }

  async #close(drainMs: number): Promise<void> {
    this.#uws.us_listen_socket_close(this.#listener);
    const { exchanges, catalog, background, tracing } = this.#context;
    catalog.manager.beginClose();
    const drained = exchanges.drain(drainMs);
    this.#sockets.beginClose();
    this.#events.beginClose();
    const [isIdle] = await Promise.all([drained, background?.stop(drainMs)]);
    if (!isIdle) {
      exchanges.shutDown();
      // What ends a compressed stream comes from another thread.
      await exchanges.drain(lastBytesMs);
    }
    this.#sockets.closeAll();
    this.#events.closeAll();
    // Handlers that are on the stack now get to return before their sockets go.
    await new Promise((resolve) => setImmediate(resolve));
    this.#app.close();
    this.#metrics?.stop();
    await catalog.manager.close();
    // Last, so that whatever ended until now is in it.
    await background?.close();
    await tracing?.close();
  }
}

/**
 * Starts an OpenAI-compatible server.
 *
 * Models may still be loading: requests for them wait, but not longer than `limits.modelWaitMs`. A model that was given
 * with `load` belongs to the server, which loads and unloads it; every other belongs to its owner: close the server, then
 * dispose of it.
 *
 * @throws InfernoError `invalid_argument` when it cannot listen, `journal_unavailable` when the folder of background work
 *   cannot be used; RangeError for options out of range.
 */
export async function createServer(options: ServerOptions): Promise<InfernoServer> {
  const limits = resolveLimits(options.limits);
  const defaults = resolveDefaults(options.defaults);
  const apiKeys = options.apiKeys ?? [];
  const host = options.host ?? '127.0.0.1';
  const webSocket = resolveWebSocketOptions(options.webSocket);
  const eventStreams = resolveEventStreams(options.eventStreams);
  const sockets = new SessionPool<Session>({ ...webSocket, maxRetainedBytes: 0 });
  const eventSessions = new SessionPool<Session>(eventStreams);
  const events = new EventStreamRoutes(eventSessions, eventStreams);
  const exchanges = new ExchangeRegistry(limits);
  const tracing = await openTracing(options.tracing);
  const base: ServerContext = {
    startedMs: performance.now(),
    limits,
    defaults,
    slots: options.slots ?? true,
    compression: options.compression ?? true,
    keys: new ApiKeys(apiKeys),
    cors: new Cors(options.cors ?? false),
    hosts: new HostCheck(host, options.allowedHosts),
    catalog: new ModelCatalog(options.models, {
      memoryBudgetBytes: options.memoryBudgetBytes,
      waitLimitMs: limits.modelWaitMs,
      maxWaits: limits.maxGenerations,
      anyName: options.anyModelName ?? false,
      onLoaded: tracing?.modelLoaded,
    }),
    exchanges,
    sessions: { webSocket: sockets, events: eventSessions },
    tokenBatching: resolveTokenBatching(options.tokenBatching),
    priorities: new PriorityPolicy(options.priorities ?? {}, apiKeys),
    admission: new Admission(exchanges, limits),
    ledger: new RequestLedger(),
    responses: new ResponseStore(),
    queueHealth: resolveQueueHealth(options.queueHealth),
    background: undefined,
    tracing,
    meter: openMeter(options.profiling),
    baselineFile: options.profiling === false ? undefined : options.profiling?.baselineFile,
  };
  const uws = await loadWebSockets();
  const background = await openBackground(options.background, base);
  try {
    const context = { ...base, background };
    const { meter } = context;
    const metrics = meter && new ServerMetrics(meter.metrics.registries, context, meter.startedMs);
    const port = options.port ?? 8080;
    const server = new Server({ context, uws, host, port, webSocket, sockets, events, metrics });
    context.catalog.manager.start();
    background?.start();
    return server;
  } catch (error) {
    await background?.close();
    throw error;
  }
}
