import type webSockets from 'uWebSockets.js';
import type { TemplatedApp, us_listen_socket } from 'uWebSockets.js';
import { InfernoError } from '../errors.js';
import { ApiKeys } from './api-keys.js';
import { Cors } from './cors.js';
import { ExchangeRegistry } from './exchange-registry.js';
import { ModelCatalog } from './model-catalog.js';
import { addRoutes } from './router.js';
import type { ServerContext } from './server-context.js';
import { resolveLimits } from './server-options.js';
import type { ServerOptions } from './server-options.js';

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
  /** Stops accepting, lets running requests finish, ends the rest, closes all connections. Idempotent. */
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

class Server implements InfernoServer {
  readonly url: string;
  readonly #uws: WebSockets;
  readonly #app: TemplatedApp;
  readonly #context: ServerContext;
  readonly #listener: us_listen_socket;
  #connections = 0;
  #closed: Promise<void> | undefined;

  constructor(
    context: ServerContext,
    uws: WebSockets,
    readonly host: string,
    port: number,
  ) {
    this.#context = context;
    this.#uws = uws;
    this.#app = uws.App();
    this.#app.filter((_res, change) => {
      this.#connections += Number(change);
    });
    addRoutes(this.#app, context);
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

  async close({ drainMs = 10_000 }: CloseOptions = {}): Promise<void> {
    this.#closed ??= this.#close(drainMs);
    return this.#closed;
  }

  async #close(drainMs: number): Promise<void> {
    this.#uws.us_listen_socket_close(this.#listener);
    const { exchanges } = this.#context;
    const isIdle = await exchanges.drain(drainMs);
    if (!isIdle) exchanges.shutDown();
    // Handlers that are on the stack now get to return before their sockets go.
    await new Promise((resolve) => setImmediate(resolve));
    this.#app.close();
  }
}

/**
 * Starts an OpenAI-compatible server.
 *
 * Models may still be loading: requests for them are answered 503 until they are ready. The server does not own the
 * models: close it, then dispose of them.
 *
 * @throws InfernoError `invalid_argument` when it cannot listen; RangeError for options out of range.
 */
export async function createServer(options: ServerOptions): Promise<InfernoServer> {
  const limits = resolveLimits(options.limits);
  const context: ServerContext = {
    limits,
    keys: new ApiKeys(options.apiKeys ?? []),
    cors: new Cors(options.cors ?? false),
    catalog: new ModelCatalog(options.models),
    exchanges: new ExchangeRegistry(limits),
  };
  return new Server(context, await loadWebSockets(), options.host ?? '127.0.0.1', options.port ?? 8080);
}
