import type webSockets from 'uWebSockets.js';
import type { CompressOptions, HttpRequest, TemplatedApp, WebSocket } from 'uWebSockets.js';
import { errorReply } from '../error-response.js';
import { Exchange } from '../exchange.js';
import { jsonRefusal } from '../json-refusal.js';
import { hostRefusal } from '../host-check.js';
import type { ServerContext } from '../server-context.js';
import type { Caller } from '../caller.js';
import { dispatch, webSocketPath } from './dispatch.js';
import { handshakeOf } from './handshake.js';
import { closeCodes } from '../sessions/close-codes.js';
import { Session } from '../sessions/session.js';
import type { SessionSocket } from '../sessions/session.js';
import type { SessionPool } from '../sessions/session-pool.js';
import { errorMessage, webSocketProtocol } from './server-messages.js';
import type { ResolvedWebSocketOptions } from './socket-options.js';

type WebSockets = typeof webSockets;

/** An open WebSocket and whose it is; a resume changes that. */
interface OpenConnection {
  session: Session;
  readonly socket: OpenSocket;
}

/** What a WebSocket carries: who asked for it, and its connection once it is open. */
interface SocketData {
  readonly caller: Caller;
  connection: OpenConnection | undefined;
}

/** Shorter messages are not worth compressing: without a dictionary they do not get smaller. */
const compressFrom: Readonly<Record<ResolvedWebSocketOptions['compression'], number>> = {
  shared: 512,
  dedicated: 64,
  off: Infinity,
};

class OpenSocket implements SessionSocket {
  readonly #ws: WebSocket<SocketData>;
  readonly #compressFrom: number;
  #isOpen = true;
  #messages: readonly string[] = [];

  constructor(ws: WebSocket<SocketData>, compressFromLength: number) {
    this.#ws = ws;
    this.#compressFrom = compressFromLength;
  }

  get bufferedBytes(): number {
    return this.#isOpen ? this.#ws.getBufferedAmount() : 0;
  }

  send(messages: readonly string[]): void {
    if (!this.#isOpen) return;
    this.#messages = messages;
    this.#ws.cork(this.#sendAll);
    this.#messages = [];
  }

  end(code: number, reason: string): void {
    if (this.#isOpen) this.#ws.end(code, reason);
  }

  terminate(): void {
    if (this.#isOpen) this.#ws.close();
  }

  /** uWebSockets.js has closed it; its object must not be used any more. */
  closed(): void {
    this.#isOpen = false;
  }

  readonly #sendAll = (): void => {
    for (const message of this.#messages) this.#ws.send(message, false, message.length >= this.#compressFrom);
  };
}

function compressionOf(uws: WebSockets, { compression }: ResolvedWebSocketOptions): CompressOptions {
  if (compression === 'off') return uws.DISABLED;
  const compressor = compression === 'shared' ? uws.SHARED_COMPRESSOR : uws.DEDICATED_COMPRESSOR_4KB;
  return compressor | uws.SHARED_DECOMPRESSOR;
}

function takeMessage(connection: OpenConnection, content: ArrayBuffer, isBinary: boolean): void {
  const { session, socket } = connection;
  const { maxBodyBytes } = session.context.limits;
  if (session.isFlooding) {
    socket.terminate();
  } else if (content.byteLength > maxBodyBytes) {
    const message = `The message is larger than the limit of ${String(maxBodyBytes)} bytes.`;
    session.send(errorMessage(errorReply('body_too_large', message)));
    session.end(closeCodes.tooLarge, 'message too large');
  } else if (isBinary) {
    const message = `Expected text messages but received a binary one of ${String(content.byteLength)} bytes.`;
    session.send(errorMessage(errorReply('invalid_argument', message)));
  } else {
    const bytes = Buffer.from(content);
    const refusal = jsonRefusal(bytes);
    // uWebSockets.js has checked that it is UTF-8.
    if (refusal === undefined) dispatch(connection, bytes.toString('utf8'), bytes.length);
    else session.send(errorMessage(refusal));
  }
}

export interface WebSocketParts {
  readonly context: ServerContext;
  readonly options: ResolvedWebSocketOptions;
  readonly sessions: SessionPool<Session>;
  /** Called when the socket of an accepted upgrade has closed. */
  readonly onClose: () => void;
}

function acceptUpgrade(req: HttpRequest, { context, sessions }: WebSocketParts): ReturnType<typeof handshakeOf> {
  const host = req.getHeader('host');
  if (!context.hosts.allows(host)) return { error: hostRefusal(host) };
  const handshake = handshakeOf(req, context);
  if ('error' in handshake || !sessions.isFull) return handshake;
  return { error: errorReply('overloaded', 'The server has as many WebSocket connections as it accepts.') };
}

/** GET /ws/stream: the protocol of docs/websocket.md. */
export function addWebSocketRoute(app: TemplatedApp, uws: WebSockets, parts: WebSocketParts): void {
  const { context, options, sessions, onClose } = parts;
  const { limits } = context;
  const protocol = webSocketProtocol(limits, options);
  // `data.connection` is set from `open` to `close`, between which the others are called.
  const connectionOf = (ws: WebSocket<SocketData>): OpenConnection | undefined => ws.getUserData().connection;
  app.ws<SocketData>(webSocketPath, {
    compression: compressionOf(uws, options),
    idleTimeout: options.idleTimeoutSeconds,
    // Over the limit up to here a message gets an answer; beyond, uWebSockets.js drops the connection.
    maxPayloadLength: 2 * limits.maxBodyBytes,
    // Not limited here, where it would mean lost messages: sessions look at what is buffered before they send.
    maxBackpressure: 0,
    upgrade: (res, req, socketContext) => {
      const handshake = acceptUpgrade(req, parts);
      if ('error' in handshake) {
        new Exchange(context, res, req, webSocketPath).sendError(handshake.error);
        return;
      }
      const data: SocketData = { caller: handshake.caller, connection: undefined };
      const [key, extensions] = [req.getHeader('sec-websocket-key'), req.getHeader('sec-websocket-extensions')];
      res.upgrade(data, key, handshake.protocol, extensions, socketContext);
    },
    open: (ws) => {
      const data = ws.getUserData();
      const socket = new OpenSocket(ws, compressFrom[options.compression]);
      const session = new Session(context, sessions, protocol, data.caller);
      data.connection = { session, socket };
      session.open(socket);
    },
    message: (ws, content, isBinary) => {
      const connection = connectionOf(ws);
      if (connection !== undefined) takeMessage(connection, content, isBinary);
    },
    drain: (ws) => {
      const connection = connectionOf(ws);
      connection?.session.drained(connection.socket);
    },
    close: (ws, code) => {
      onClose();
      const connection = connectionOf(ws);
      if (connection === undefined) return;
      connection.socket.closed();
      connection.session.detach(connection.socket, code);
    },
  });
}
