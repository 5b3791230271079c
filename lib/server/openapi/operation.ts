/** How a route is described. The document is made of these; `operations/` has them, by area. */
import type { z } from 'zod';
import type { ErrorCode } from '../../error-codes.js';

export const tags = {
  Generation: "OpenAI's chats and text completions, and the WebSocket that carries both.",
  Responses: "OpenAI's Responses API.",
  Messages: "Anthropic's Messages API.",
  Embeddings: 'Vectors and tokens.',
  Models: 'Which models are served; loading and unloading.',
  Background: 'Work that is answered later.',
  Health: 'For load balancers and people.',
  Metrics: 'What is measured.',
  'llama-server': "llama-server's own routes: docs/llama-server.md.",
  Description: 'This description.',
} as const;

export type Tag = keyof typeof tags;

/** Headers of requests that have a description of their own in `headers.ts`. */
export type RequestHeader = 'x-request-id' | 'x-inferno-priority' | 'x-inferno-deadline-ms' | 'idempotency-key';

/** One way in which a request is answered well. */
export interface Answer {
  readonly description: string;
  readonly json?: z.ZodType;
  /** What each server-sent event holds, when the answer is streamed. */
  readonly events?: z.ZodType;
  /** What the stream ends with, or what the events are called. */
  readonly eventsNote?: string;
  /** Content types of an answer that is no JSON. */
  readonly text?: readonly string[];
  /** It says how many requests more would be taken. */
  readonly hasRateLimit?: boolean;
}

export interface RequestBody {
  readonly schema: z.ZodType;
  /** By what they show. The first one is what the page and the Postman collection begin with. */
  readonly examples: Readonly<Record<string, unknown>>;
  /** It may be left out. */
  readonly isOptional?: boolean;
}

export interface Operation {
  readonly tag: Tag;
  /** A few words without a full stop. */
  readonly summary: string;
  readonly description?: string;
  /** It needs no API key. */
  readonly isOpen?: boolean;
  /** What the `{name}`s of the path are. */
  readonly path?: Readonly<Record<string, { readonly description: string; readonly example: string }>>;
  readonly query?: z.ZodObject;
  readonly headers?: readonly RequestHeader[];
  readonly body?: RequestBody;
  readonly answers: Readonly<Record<number, Answer>>;
  /** Beside those that every route of its kind has. */
  readonly errors?: readonly ErrorCode[];
  /** How its errors look; default: OpenAI's way. */
  readonly errorAnswer?: z.ZodType;
  /** It is an upgrade to a WebSocket with these messages. */
  readonly webSocket?: { readonly client: z.ZodType; readonly server: z.ZodType };
}

export type OperationKey = `${'GET' | 'POST' | 'DELETE'} /${string}`;
export type Operations = Readonly<Record<OperationKey, Operation>>;

/** Of every route that needs a model. */
export const modelErrors: readonly ErrorCode[] = [
  'model_not_found',
  'model_loading',
  'model_unloaded',
  'out_of_memory',
  'queue_full',
];

/** Of every route that generates text. */
export const generationErrors: readonly ErrorCode[] = [
  ...modelErrors,
  'context_length_exceeded',
  'empty_prompt',
  'invalid_grammar',
  'invalid_chat_template',
  'priority_not_allowed',
  'overloaded',
  'deadline_exceeded',
  'dependency_failed',
  'decode_failed',
  'inference_timeout',
  'token_timeout',
];
