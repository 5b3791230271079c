import { errorReply } from '../error-response.js';
import type { Exchange } from '../exchange.js';
import type { Session } from '../sessions/session.js';
import type { SessionPool } from '../sessions/session-pool.js';
import { EventCarrier } from './event-carrier.js';
import { readEventId } from './event-messages.js';

/** The session that the client had, if it is the client's: the key must be the same, or the ticket that it was opened with. */
function ownSession(
  session: Session | undefined,
  { caller }: Exchange,
  ticket: string | undefined,
): Session | undefined {
  if (session === undefined) return undefined;
  const isOwn = ticket === undefined ? session.caller.key === caller.key : session.ticket === ticket;
  return isOwn ? session : undefined;
}

/**
 * A client that lost its connection comes back: it gets what came after the last event that it has seen. One that has seen
 * all gets 204, which tells an EventSource to stay away.
 */
export function resumeStream(
  exchange: Exchange,
  sessions: SessionPool<Session>,
  lastEventId: string,
  ticket: string | undefined,
): void {
  const seen = readEventId(lastEventId);
  const session = seen === undefined ? undefined : ownSession(sessions.find(seen.token), exchange, ticket);
  const [stream] = session?.streams.values() ?? [];
  if (seen === undefined || session === undefined || stream === undefined) {
    const message = 'There is no stream with an event of this Last-Event-ID; it may have ended.';
    exchange.sendError(errorReply('session_not_found', message, 'last_event_id'));
    return;
  }
  if (stream.hasEndedAt(seen.sequence)) {
    session.end(0, '');
    exchange.sendEmpty(204, []);
    return;
  }
  if (!stream.canResumeAfter(seen.sequence)) {
    const message = 'What came after the event of this Last-Event-ID is not kept any more.';
    exchange.sendError(errorReply('session_not_found', message, 'last_event_id'));
    return;
  }
  const carrier = new EventCarrier(exchange, session, () => undefined);
  exchange.becomeCarrier();
  carrier.open();
  session.resume(carrier, new Map([[stream.id, seen.sequence]]));
}
