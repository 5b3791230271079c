import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { errorReply, thrownReply } from '../error-response.js';
import type { ErrorReply } from '../error-response.js';
import { Exchange } from '../exchange.js';
import { framesFor } from '../frame-batching.js';
import type { RouteHandler } from '../route-table.js';
import { originRefusal } from '../origin-check.js';
import { refusalByKey } from '../post-json.js';
import type { JsonHandler } from '../post-json.js';
import { chatCompletions } from '../routes/chat-completions.js';
import { completions } from '../routes/completions.js';
import type { ServerContext } from '../server-context.js';
import { Session } from '../sessions/session.js';
import type { SessionPool } from '../sessions/session-pool.js';
import { SessionStream } from '../sessions/session-stream.js';
import type { StreamOpening } from '../sessions/session-stream.js';
import { EventCarrier } from './event-carrier.js';
import { eventProtocol } from './event-messages.js';
import type { ResolvedEventStreamOptions } from './event-stream-options.js';
import { bodyFromQuery, readEventRequest } from './event-request.js';
import { EventTickets, ticketSeconds } from './event-tickets.js';
import type { PreparedStream } from './event-tickets.js';
import { resumeStream } from './resume-stream.js';

export const eventStreamPath = '/v1/stream/sse';
export const ticketPath = `${eventStreamPath}/tickets`;

const answers = { chat: chatCompletions, completion: completions } as const;

/** The part of the query that is not the request. */
const ticketField = 'ticket';
const lastEventField = 'last_event_id';

function openingOf(exchange: Exchange, session: Session, carrier: EventCarrier): StreamOpening {
  return {
    open: () => {
      carrier.open();
      session.open(carrier);
    },
    refuse: (reply) => {
      exchange.sendError(reply);
    },
    setHeaders: (headers) => {
      exchange.setHeaders(headers);
    },
  };
}

function refusalOf(exchange: Exchange, req: HttpRequest): ErrorReply | undefined {
  const { context } = exchange;
  if (context.exchanges.closing) return errorReply('shutting_down', 'The server is shutting down.');
  return originRefusal(req, context) ?? exchange.encodingRefusal;
}

/** The routes of streams of named events, and the streams themselves. */
export class EventStreamRoutes {
  readonly #sessions: SessionPool<Session>;
  readonly #options: ResolvedEventStreamOptions;
  /** Requests that wait for whoever opens their stream. */
  readonly #tickets = new EventTickets();

  constructor(sessions: SessionPool<Session>, options: ResolvedEventStreamOptions) {
    this.#sessions = sessions;
    this.#options = options;
  }

  /** POST /v1/stream/sse: a body of chat or text completions, or anything with the header `Last-Event-ID`. */
  readonly post: JsonHandler = (exchange, value) => {
    const { caller, lastEventId } = exchange;
    if (lastEventId !== '') {
      resumeStream(exchange, this.#sessions, lastEventId, undefined);
      return;
    }
    const read = readEventRequest(value);
    if ('error' in read) exchange.sendError(read.error);
    else this.#start(exchange, { request: read.request, caller }, undefined);
  };

  /** POST /v1/stream/sse/tickets: the same body; the answer names a URL that opens its stream once, without a key. */
  readonly postTicket: JsonHandler = (exchange, value) => {
    const read = readEventRequest(value);
    if ('error' in read) {
      exchange.sendError(read.error);
      return;
    }
    const prepared = { request: read.request, caller: exchange.caller };
    const ticket = this.#tickets.issue(prepared, JSON.stringify(value).length);
    if (ticket === undefined) {
      exchange.sendError(errorReply('queue_full', 'The server has as many open tickets as it keeps.'));
      return;
    }
    const url = `${eventStreamPath}?${ticketField}=${ticket}`;
    const answer = { object: 'stream.ticket', ticket, url, expires_in_seconds: ticketSeconds };
    exchange.sendJson(201, JSON.stringify(answer), [['cache-control', 'no-store']]);
  };

  /** GET /v1/stream/sse: for the EventSource of browsers. */
  get(context: ServerContext): RouteHandler {
    return (res: HttpResponse, req: HttpRequest, route: string) => {
      const exchange = new Exchange(context, res, req, route);
      const refusal = refusalOf(exchange, req);
      if (refusal !== undefined) {
        exchange.sendError(refusal);
        return;
      }
      const query = req.getQuery();
      exchange.register();
      try {
        this.#answerGet(exchange, query);
      } catch (thrown) {
        exchange.sendError(thrownReply(thrown));
      }
    };
  }

  /** Nobody can come back any more. */
  beginClose(): void {
    this.#sessions.beginClose();
    this.#tickets.clear();
  }

  closeAll(): void {
    this.#sessions.closeAll();
  }

  #start(exchange: Exchange, { request, caller }: PreparedStream, ticket: string | undefined): void {
    const { context, requestId, startedMs } = exchange;
    if (this.#sessions.isFull) {
      exchange.sendError(errorReply('overloaded', 'The server has as many streams as it accepts.'));
      return;
    }
    const protocol = eventProtocol(context.limits, this.#options, requestId);
    const session = new Session(context, this.#sessions, protocol, caller, ticket);
    const carrier = new EventCarrier(exchange, session, () => {
      stream.abandon();
    });
    const { method, route, trace } = exchange.handOver();
    const stream = new SessionStream(session, {
      id: requestId,
      requestId,
      kind: request.kind,
      caller,
      retention: request.resumable ? 'recent' : 'none',
      method,
      route,
      trace,
      frames: framesFor(context.tokenBatching, request.tokenBatching),
      startedMs,
      opening: openingOf(exchange, session, carrier),
    });
    try {
      answers[request.kind](stream, request.body);
    } catch (thrown) {
      stream.sendError(thrownReply(thrown));
    }
  }

  #answerGet(exchange: Exchange, text: string): void {
    const { context, caller } = exchange;
    const query = new URLSearchParams(text);
    const [ticket, lastEvent] = [query.get(ticketField), query.get(lastEventField)];
    query.delete(ticketField);
    query.delete(lastEventField);
    const unauthorized = ticket === null ? refusalByKey(context, caller) : undefined;
    if (unauthorized !== undefined) {
      exchange.sendError(unauthorized);
      return;
    }
    const lastEventId = exchange.lastEventId || (lastEvent ?? '');
    if (lastEventId !== '') {
      resumeStream(exchange, this.#sessions, lastEventId, ticket ?? undefined);
      return;
    }
    if (ticket !== null) {
      const prepared = this.#tickets.take(ticket);
      if (prepared !== undefined) this.#start(exchange, prepared, ticket);
      else exchange.sendError(errorReply('ticket_not_found', 'This ticket was used, or is too old.', ticketField));
      return;
    }
    const body = bodyFromQuery(query);
    const read = 'error' in body ? body : readEventRequest(body.body);
    if ('error' in read) exchange.sendError(read.error);
    else this.#start(exchange, { request: read.request, caller }, undefined);
  }
}
