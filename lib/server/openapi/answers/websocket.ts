/** What the server says on the WebSocket. */
import { z } from 'zod';
import { namedAnswer } from '../json-schema.js';
import { errorObject } from './errors.js';
import { chatCompletionChunk, textCompletionChunk, usage } from './generation.js';

const count = z.int().min(0);
const stream = { id: z.string(), sequence: z.int().min(1).describe('From 1 on, without a gap.') };

export const serverMessage = namedAnswer(
  'WebSocketServerMessage',
  z.discriminatedUnion('type', [
    z.object({
      type: z.literal('connection_info'),
      connection_id: z.string(),
      resume_token: z.string(),
      protocol: z.literal('inferno.v1'),
      server_version: z.string(),
      capabilities: z.array(z.string()),
      limits: z.object({
        max_message_bytes: count,
        max_streams: count,
        max_pending_messages: count,
        max_unacknowledged_tokens: count,
        ack_timeout_ms: count,
        resume_grace_ms: count,
        idle_timeout_seconds: count,
        heartbeat_ms: count,
        inference_timeout_ms: count,
        token_timeout_ms: count,
      }),
    }),
    z.object({ type: z.literal('chat_chunk'), ...stream, data: chatCompletionChunk }),
    z.object({ type: z.literal('completion_chunk'), ...stream, data: textCompletionChunk }),
    z.object({ type: z.literal('done'), ...stream, finish_reason: z.string(), usage }),
    z.object({ type: z.literal('result'), ...stream, status: z.int(), data: z.unknown() }),
    z.object({
      type: z.literal('error'),
      id: z.string().optional(),
      sequence: z.int().optional(),
      status: z.int(),
      retry_after_seconds: z.number().optional(),
      error: errorObject,
    }),
    z.object({
      type: z.literal('flow'),
      id: z.string(),
      level: z.enum(['healthy', 'moderate', 'critical']),
      pending_messages: count,
      unacknowledged_tokens: count,
    }),
    z.object({
      type: z.literal('resumed'),
      connection_id: z.string(),
      streams: z.array(z.object({ id: z.string(), last_sequence: count })),
    }),
    z.object({ type: z.literal('heartbeat'), timestamp: z.number(), active_streams: count }),
    z.object({ type: z.literal('pong'), payload: z.string().optional(), timestamp: z.number() }),
  ]),
);
