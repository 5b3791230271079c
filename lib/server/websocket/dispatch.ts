import type { Caller } from '../caller.js';
import type { RequestTarget } from '../answer-target.js';
import { errorReply, thrownReply } from '../error-response.js';
import type { ErrorReply } from '../error-response.js';
import { chatCompletions } from '../routes/chat-completions.js';
import { completions } from '../routes/completions.js';
import { parseClientMessage } from './client-messages.js';
import type { ClientMessage, RequestMessage, ResumeMessage } from './client-messages.js';
import { errorMessage, pongMessage, unknownStreamMessage } from './server-messages.js';
import { framesFor } from '../frame-batching.js';
import type { Session, SessionSocket } from '../sessions/session.js';
import type { StreamKind } from '../sessions/session-protocol.js';
import { SessionStream } from '../sessions/session-stream.js';

/** An open WebSocket and whose it is; a resume changes that. */
export interface Connection {
  session: Session;
  readonly socket: SessionSocket;
}

/** GET of it is the upgrade. */
export const webSocketPath = '/ws/stream';

type Fields = Readonly<Record<string, unknown>>;

const answers: Readonly<Record<StreamKind, (target: RequestTarget, value: unknown) => void>> = {
  chat: chatCompletions,
  completion: completions,
};

/** What the upgrade asked for holds for requests that do not say otherwise. */
function callerFor({ caller }: Session, body: Fields): Caller {
  return {
    ...caller,
    priority: body['priority'] == null ? caller.priority : '',
    deadlineMs: body['deadline_ms'] == null ? caller.deadlineMs : '',
  };
}

function refusalOf({ context, options, streams, level }: Session): ErrorReply | undefined {
  if (context.exchanges.closing) return errorReply('shutting_down', 'The server is shutting down.');
  if (streams.size >= options.maxStreams) {
    return errorReply('queue_full', `This connection has ${String(streams.size)} streams, as many as it may have.`);
  }
  if (level !== 'critical') return undefined;
  return errorReply('overloaded', 'This connection does not keep up with the streams that it has.');
}

/** Requests over WebSockets are counted under it. */
const method = 'WEBSOCKET';

function openStream(session: Session, request: RequestMessage, kind: StreamKind, body: Fields): SessionStream {
  const { type, id, ack, token_batching: batching, traceparent, tracestate } = request;
  const { context } = session;
  const requestId = `${session.id}:${id}`;
  const sent = { traceparent: traceparent ?? '', tracestate: tracestate ?? '' };
  return new SessionStream(session, {
    id,
    requestId,
    kind,
    caller: callerFor(session, body),
    retention: ack === true ? 'acknowledged' : 'none',
    method,
    route: webSocketPath,
    trace: context.tracing?.beginMessage(webSocketPath, { type, requestId, ...sent }),
    frames: framesFor(context.tokenBatching, batching ?? undefined),
  });
}

function startStream(session: Session, request: RequestMessage): void {
  const { type, id, data } = request;
  if (session.streams.has(id)) {
    // Without the id, which would end the stream that has it.
    const message = `The stream ${JSON.stringify(id)} has not ended; expected another id.`;
    session.send(errorMessage(errorReply('invalid_argument', message, 'id')));
    return;
  }
  const refusal = refusalOf(session);
  if (refusal !== undefined) {
    session.send(errorMessage(refusal, id));
    return;
  }
  const isObject = typeof data === 'object' && data !== null && !Array.isArray(data);
  const body: Fields = isObject ? (data as Fields) : {};
  const kind = type === 'chat_request' ? 'chat' : 'completion';
  const stream = openStream(session, request, kind, body);
  try {
    // Here streaming is what is not said.
    answers[kind](stream, isObject ? { ...body, stream: body['stream'] ?? true } : data);
  } catch (thrown) {
    stream.sendError(thrownReply(thrown));
  }
}

function resume(connection: Connection, { resume_token: token, streams }: ResumeMessage): void {
  const { session: current, socket } = connection;
  if (current.streams.size > 0) {
    const message = 'Expected resume before any request of this connection.';
    current.send(errorMessage(errorReply('invalid_argument', message, 'type')));
    return;
  }
  const session = current.pool.find(token);
  if (session === undefined || session === current || session.caller.key !== current.caller.key) {
    const message = 'There is no connection to be resumed with this resume_token; it may have ended.';
    current.send(errorMessage(errorReply('session_not_found', message, 'resume_token')));
    return;
  }
  current.release();
  connection.session = session;
  const seen = new Map((streams ?? []).map(({ id, last_sequence: last }) => [id, last] as const));
  session.resume(socket, seen);
}

function handle(connection: Connection, message: ClientMessage): void {
  const { session } = connection;
  switch (message.type) {
    case 'chat_request':
    case 'completion_request':
      startStream(session, message);
      return;
    case 'cancel': {
      const stream = session.streams.get(message.id);
      if (stream === undefined) session.send(unknownStreamMessage(message.id));
      else stream.abort(errorReply('cancelled', 'The client cancelled it.'));
      return;
    }
    case 'ack': {
      // One for a stream that has just ended is late, not wrong.
      if (session.streams.get(message.id)?.acknowledge(message.sequence) !== false) return;
      const fault = `The stream ${JSON.stringify(message.id)} has no message ${String(message.sequence)} yet.`;
      session.send(errorMessage(errorReply('invalid_argument', fault, 'sequence')));
      return;
    }
    case 'credit': {
      const { id, tokens, bytes } = message;
      if (id != null) {
        session.streams.get(id)?.grant(tokens ?? undefined, bytes ?? undefined);
        return;
      }
      session.credit.grant(tokens ?? undefined, bytes ?? undefined);
      session.pumpAll();
      return;
    }
    case 'ping':
      session.send(pongMessage(message.payload ?? undefined));
      return;
    case 'resume':
      resume(connection, message);
  }
}

/** Does what a text message of `bytes` bytes asks for, or says what is wrong with it. */
export function dispatch(connection: Connection, text: string, bytes: number): void {
  const { session } = connection;
  const parsed = parseClientMessage(text, bytes);
  if ('message' in parsed) {
    handle(connection, parsed.message);
    return;
  }
  const { error, id } = parsed.fault;
  // With the id of a stream that runs, an error would end it.
  const isRunning = id !== undefined && session.streams.has(id);
  session.send(errorMessage(error, isRunning ? undefined : id));
}
