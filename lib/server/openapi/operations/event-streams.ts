import { z } from 'zod';
import { chatCompletionBody } from '../../schemas/chat-completions.js';
import { completionBody } from '../../schemas/completions.js';
import { flag } from '../../schemas/fields.js';
import { namedEvent, streamTicket } from '../answers/event-streams.js';
import { namedRequest } from '../json-schema.js';
import { generationErrors } from '../operation.js';
import type { Answer, Operations, RequestBody } from '../operation.js';

const own = {
  token_batching: flag.describe('Gathers tokens into frames of three.'),
  resumable: flag.describe('A lost connection may be resumed; default true.'),
};
const messages = [{ role: 'user', content: 'What is Inferno?' }];

const body: RequestBody = {
  schema: namedRequest('StreamRequest', z.union([chatCompletionBody.extend(own), completionBody.extend(own)])),
  examples: {
    chat: { messages, max_tokens: 64 },
    completion: { prompt: 'Once upon a time', max_tokens: 32, token_batching: true },
  },
};

const text = z.string().optional();
const query = z.object({
  messages: text.describe('As JSON. This or prompt; any other field of the bodies, too, as JSON or as text.'),
  prompt: text.describe('Text, or a JSON string or array.'),
  model: text,
  max_tokens: text,
  token_batching: text,
  resumable: text,
  ticket: text.describe('Instead of all others: opens the stream that it was given for.'),
  last_event_id: text.describe('For who cannot send the header.'),
});

const streamed: Answer = {
  description: 'A stream of named events: docs/streaming.md.',
  events: namedEvent,
  eventsNote: 'The events are called as their `type`; `done` or `error` is the last one.',
  hasRateLimit: true,
};
const seenAll: Answer = { description: 'The client has seen the whole stream.' };
const errors = [...generationErrors, 'session_not_found', 'not_acceptable', 'shutting_down'] as const;

export const eventStreamOperations: Operations = {
  'GET /v1/stream/sse': {
    tag: 'Generation',
    summary: 'A stream of named events, for EventSource',
    description: 'With the header `Last-Event-ID` what came after that event of a stream whose connection was lost.',
    headers: ['x-request-id', 'x-inferno-priority', 'x-inferno-deadline-ms'],
    query,
    answers: { 200: streamed, 204: seenAll },
    errors: [...errors, 'ticket_not_found', 'origin_not_allowed'],
  },
  'POST /v1/stream/sse': {
    tag: 'Generation',
    summary: 'A stream of named events',
    headers: ['x-request-id', 'x-inferno-priority', 'x-inferno-deadline-ms'],
    body,
    answers: { 200: streamed, 204: seenAll },
    errors,
  },
  'POST /v1/stream/sse/tickets': {
    tag: 'Generation',
    summary: 'A URL that opens a stream without a key',
    description: 'For EventSource, which sends neither a key nor a body. It opens one stream, once, within a minute.',
    headers: ['x-request-id', 'x-inferno-priority', 'x-inferno-deadline-ms'],
    body,
    answers: { 201: { description: 'The ticket.', json: streamTicket } },
  },
};
