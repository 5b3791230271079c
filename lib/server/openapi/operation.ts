/** How a route is described. The document is made of these; `operations/` has them, by area. */
import type { z } from 'zod';
import type { ErrorCode } from '../../error-codes.js';

export const tags = {
  Generation: "OpenAI's chats and text completions, and the WebSocket that carries both.",
  Responses: "OpenAI's Responses API.",
  Messages: "Anthropic's Messages API.",
  Embeddings: 'Vectors, ranks, classes and tokens.',
  Inference: 'The Open Inference Protocol (KServe v2): tensors in, tensors out: docs/inference-protocol.md.',
  Models: 'Which models are served; loading and unloading.',
  Background: 'Work that is answered later.',
  Health: 'For load balancers and people.',
  Metrics: 'What is measured.',
  'llama-server': "llama-server's own routes: docs/llama-server.md.",
  Description: 'This description.',
} as const;

export type Tag = keyof typeof tags;

/** Headers of requests that have a description of their own in `headers.ts`. */
export type RequestHeader =
  | 'x-request-id'
  | 'x-inferno-priority'
  | 'x-inferno-deadline-ms'
  | 'idempotency-key'
  | 'inference-header-content-length';

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
  /** What the bytes are, of an answer that may be neither. */
  readonly bytes?: string;
  /** It says how many requests more would be taken. */
  readonly hasRateLimit?: boolean;
}

export interface RequestBody {
  readonly schema: z.ZodType;
  /** By what they show. The first one is what the page and the Postman collection begin with. */
  readonly examples: Readonly<Record<string, unknown>>;
  /** It may be left out. */
  readonly isOptional?: boolean;
  /** What the bytes are, where it may also be `application/octet-stream`. */
  readonly bytes?: string;
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

/** Of every route whose work waits for its turn. */
const schedulingErrors: readonly ErrorCode[] = ['priority_not_allowed', 'overloaded', 'deadline_exceeded'];

/** Of every route that reads texts and generates none. */
export const encodingErrors: readonly ErrorCode[] = [
  ...modelErrors,
  ...schedulingErrors,
  'context_length_exceeded',
  'empty_prompt',
  'decode_failed',
  'run_failed',
];

/** Of every route that runs a graph. */
export const tensorErrors: readonly ErrorCode[] = [
  ...modelErrors,
  ...schedulingErrors,
  'task_unsupported',
  'invalid_tensor',
  'run_failed',
];

/** Of every route that generates text. */
export const generationErrors: readonly ErrorCode[] = [
  ...modelErrors,
  ...schedulingErrors,
  'context_length_exceeded',
  'empty_prompt',
  'invalid_grammar',
  'invalid_chat_template',
  'task_unsupported',
  'dependency_failed',
  'decode_failed',
  'inference_timeout',
  'token_timeout',
];
