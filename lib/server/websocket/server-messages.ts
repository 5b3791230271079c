/** The texts that the server sends. Parts that are the same for a whole stream are built once. */
import type { AnswerEnding } from '../answer-target.js';
import { usageJson } from '../answer-format.js';
import { errorReply } from '../error-response.js';
import type { ErrorReply } from '../error-response.js';
import type { ResolvedLimits } from '../server-limits.js';
import type { SessionProtocol, StreamKind } from '../sessions/session-protocol.js';
import { packageVersion } from '../../version.js';
import type { ResolvedWebSocketOptions } from './socket-options.js';
import type { StreamWindow } from '../sessions/stream-window.js';

/** The subprotocol, which is also the version of the messages. */
export const protocolName = 'inferno.v1';

const capabilities = ['chat_request', 'completion_request', 'cancel', 'ack', 'credit', 'resume', 'ping'];

/** A chunk's message: this, its number, `,"data":`, the chunk, `}`. `id` holds nothing that JSON escapes. */
export function chunkStart(kind: StreamKind, id: string): string {
  return `{"type":"${kind}_chunk","id":"${id}","sequence":`;
}

export function doneMessage(id: string, sequence: number, { usage, finishReason }: AnswerEnding): string {
  return `{"type":"done","id":"${id}","sequence":${String(sequence)},"finish_reason":"${finishReason}","usage":${usageJson(usage)}}`;
}

/** An answer that is not streamed. */
export function resultMessage(id: string, sequence: number, status: number, json: string): string {
  return `{"type":"result","id":"${id}","sequence":${String(sequence)},"status":${String(status)},"data":${json}}`;
}

/** With an id it ends that stream; without one it is about a message or the connection. */
export function errorMessage(reply: ErrorReply, id?: string, sequence?: number): string {
  const stream = id === undefined ? '' : `"id":"${id}",`;
  const number = sequence === undefined ? '' : `"sequence":${String(sequence)},`;
  const mayRetry = reply.status === 429 || reply.status === 503;
  const retry = mayRetry ? `"retry_after_seconds":${String(reply.retryAfterSeconds ?? 1)},` : '';
  return `{"type":"error",${stream}${number}"status":${String(reply.status)},${retry}${reply.json.slice(1)}`;
}

export function unknownStreamMessage(id: string): string {
  return errorMessage(
    errorReply('request_not_found', `This connection has no stream ${JSON.stringify(id)}.`, 'id'),
    id,
  );
}

function flowMessage(id: string, window: StreamWindow): string {
  return JSON.stringify({
    type: 'flow',
    id,
    level: window.level,
    pending_messages: window.pendingMessages,
    unacknowledged_tokens: window.unacknowledgedTokens,
  });
}

function connectionInfo(
  connection: { readonly id: string; readonly resumeToken: string },
  limits: ResolvedLimits,
  options: ResolvedWebSocketOptions,
): string {
  return JSON.stringify({
    type: 'connection_info',
    connection_id: connection.id,
    resume_token: connection.resumeToken,
    protocol: protocolName,
    server_version: packageVersion,
    capabilities,
    limits: {
      max_message_bytes: limits.maxBodyBytes,
      max_streams: options.maxStreams,
      max_pending_messages: options.maxPendingMessages,
      max_unacknowledged_tokens: options.maxUnacknowledgedTokens,
      ack_timeout_ms: limits.ackTimeoutMs,
      resume_grace_ms: options.resumeGraceMs,
      idle_timeout_seconds: options.idleTimeoutSeconds,
      heartbeat_ms: limits.heartbeatMs,
      inference_timeout_ms: limits.inferenceTimeoutMs,
      token_timeout_ms: limits.tokenTimeoutMs,
    },
  });
}

function heartbeatMessage(activeStreams: number): string {
  return `{"type":"heartbeat","timestamp":${String(Date.now())},"active_streams":${String(activeStreams)}}`;
}

export function pongMessage(payload: string | undefined): string {
  return JSON.stringify({ type: 'pong', payload, timestamp: Date.now() });
}

/** What a resumed connection goes on with: by stream, the number of its last message. */
function resumedMessage(connectionId: string, streams: readonly { id: string; last_sequence: number }[]): string {
  return JSON.stringify({ type: 'resumed', connection_id: connectionId, streams });
}

export function webSocketProtocol(limits: ResolvedLimits, options: ResolvedWebSocketOptions): SessionProtocol {
  return {
    endsWithStream: false,
    greeting: (session) => connectionInfo(session, limits, options),
    resumed: ({ id }, streams) => resumedMessage(id, streams),
    unknownStream: unknownStreamMessage,
    heartbeat: heartbeatMessage,
    forStream: (_session, kind, id) => {
      const start = chunkStart(kind, id);
      return {
        chunk: (sequence, json) => `${start}${String(sequence)},"data":${json}}`,
        done: (sequence, ending) => doneMessage(id, sequence, ending),
        result: (sequence, status, json) => resultMessage(id, sequence, status, json),
        error: (sequence, reply) => errorMessage(reply, id, sequence),
        flow: (window) => flowMessage(id, window),
      };
    },
  };
}
