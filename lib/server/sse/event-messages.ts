/** The texts of a stream of named events: the messages of a WebSocket, each as an event of its type. */
import {
  errorMessage,
  chunkStart,
  doneMessage,
  resultMessage,
  unknownStreamMessage,
} from '../websocket/server-messages.js';
import type { ResolvedLimits } from '../server-limits.js';
import type { SessionNames, SessionProtocol } from '../sessions/session-protocol.js';
import { packageVersion } from '../../version.js';
import type { ResolvedEventStreamOptions } from './event-stream-options.js';

/** What a client that comes back says it has seen last. No message holds a line break. */
function eventId({ resumeToken }: SessionNames, sequence: number): string {
  return `${resumeToken}:${String(sequence)}`;
}

/** Without an id a client keeps the one that it has. */
function event(type: string, id: string | undefined, json: string): string {
  return id === undefined ? `event: ${type}\ndata: ${json}\n\n` : `event: ${type}\nid: ${id}\ndata: ${json}\n\n`;
}

/** The session and the number in such an id. */
export function readEventId(id: string): { readonly token: string; readonly sequence: number } | undefined {
  const { token, sequence } = /^(?<token>resume_\w{29}):(?<sequence>\d{1,15})$/u.exec(id)?.groups ?? {};
  return token === undefined ? undefined : { token, sequence: Number(sequence) };
}

export function eventProtocol(
  limits: ResolvedLimits,
  options: ResolvedEventStreamOptions,
  requestId: string,
): SessionProtocol {
  return {
    endsWithStream: true,
    greeting: (session) => {
      const info = {
        type: 'connection_info',
        connection_id: session.id,
        request_id: requestId,
        server_version: packageVersion,
        limits: {
          retained_messages: options.maxPendingMessages,
          resume_grace_ms: options.resumeGraceMs,
          keep_alive_ms: limits.heartbeatMs,
          inference_timeout_ms: limits.inferenceTimeoutMs,
          token_timeout_ms: limits.tokenTimeoutMs,
        },
      };
      // With an id, so that who loses the connection before the first chunk comes back for this stream and no other.
      const first = event('connection_info', eventId(session, 0), JSON.stringify(info));
      return `retry: ${String(options.retryMs)}\n${first}`;
    },
    resumed: ({ id }, streams) =>
      event('resumed', undefined, JSON.stringify({ type: 'resumed', connection_id: id, streams })),
    unknownStream: (id) => event('error', undefined, unknownStreamMessage(id)),
    // The connection says it with a comment.
    heartbeat: () => undefined,
    forStream: (session, kind, id) => {
      const before = `event: ${kind}_chunk\nid: ${session.resumeToken}:`;
      const start = `\ndata: ${chunkStart(kind, id)}`;
      return {
        chunk: (sequence, json) => `${before}${String(sequence)}${start}${String(sequence)},"data":${json}}\n\n`,
        done: (sequence, ending) => event('done', eventId(session, sequence), doneMessage(id, sequence, ending)),
        result: (sequence, status, json) =>
          event('result', eventId(session, sequence), resultMessage(id, sequence, status, json)),
        error: (sequence, reply) => event('error', eventId(session, sequence), errorMessage(reply, id, sequence)),
        flow: () => undefined,
      };
    },
  };
}
