/** What the server says in a stream of named events, and of tickets for it. */
import { z } from 'zod';
import { namedAnswer } from '../json-schema.js';
import { errorObject } from './errors.js';
import { chatCompletionChunk, textCompletionChunk, usage } from './generation.js';

const count = z.int().min(0);
const stream = { id: z.string(), sequence: z.int().min(1).describe('From 1 on, without a gap.') };

export const namedEvent = namedAnswer(
  'NamedEvent',
  z.discriminatedUnion('type', [
    z.object({
      type: z.literal('connection_info'),
      connection_id: z.string(),
      request_id: z.string(),
      server_version: z.string(),
      limits: z.object({
        retained_messages: count,
        resume_grace_ms: count,
        keep_alive_ms: count,
        inference_timeout_ms: count,
        token_timeout_ms: count,
      }),
    }),
    z.object({ type: z.literal('chat_chunk'), ...stream, data: chatCompletionChunk }),
    z.object({ type: z.literal('completion_chunk'), ...stream, data: textCompletionChunk }),
    z.object({ type: z.literal('done'), ...stream, finish_reason: z.string(), usage }),
    z.object({
      type: z.literal('error'),
      id: z.string(),
      sequence: z.int(),
      status: z.int(),
      retry_after_seconds: z.number().optional(),
      error: errorObject,
    }),
    z.object({
      type: z.literal('resumed'),
      connection_id: z.string(),
      streams: z.array(z.object({ id: z.string(), last_sequence: count })),
    }),
  ]),
);

export const streamTicket = namedAnswer(
  'StreamTicket',
  z.object({
    object: z.literal('stream.ticket'),
    ticket: z.string(),
    url: z.string().describe('Of the stream that it opens, once.'),
    expires_in_seconds: count,
  }),
);
