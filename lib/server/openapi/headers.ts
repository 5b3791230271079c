/** Headers of requests and answers. */
import { longestDeadlineMs } from '../schemas/scheduling.js';
import type { JsonSchema } from './json-schema.js';
import type { RequestHeader } from './operation.js';

interface HeaderText {
  readonly description: string;
  readonly schema: JsonSchema;
}

export const requestHeaders: Readonly<Record<RequestHeader, HeaderText>> = {
  'x-request-id': {
    description:
      'The id of the request, kept when it is 1 to 128 letters, digits, `_ . : -`; else the server makes one.',
    schema: { type: 'string', pattern: '^[\\w.:-]{1,128}$' },
  },
  'x-inferno-priority': {
    description: 'vip, high, normal, low or 4 to 1; goes before the field `priority`.',
    schema: { type: 'string', enum: ['vip', 'high', 'normal', 'low', '4', '3', '2', '1'] },
  },
  'x-inferno-deadline-ms': {
    description: 'Must have started by then; goes before the field `deadline_ms`.',
    schema: { type: 'integer', minimum: 1, maximum: longestDeadlineMs },
  },
  'idempotency-key': {
    description: 'With "background": true: the same key with the same body is the same work.',
    schema: { type: 'string', maxLength: 200 },
  },
  'inference-header-content-length': {
    description: 'Bytes of the JSON, where tensors are behind it; 0 for a body that is the raw data of the only input.',
    schema: { type: 'integer', minimum: 0 },
  },
};

export const answerHeaders: Readonly<Record<string, HeaderText>> = {
  'x-request-id': { description: 'The id of the request.', schema: { type: 'string' } },
  'openai-processing-ms': {
    description: 'Milliseconds from its headers to the first byte of its answer.',
    schema: { type: 'integer' },
  },
  'inference-header-content-length': {
    description: 'Bytes of the JSON, where tensors are behind it.',
    schema: { type: 'integer' },
  },
  'retry-after': { description: 'Seconds after which to send again.', schema: { type: 'integer', minimum: 1 } },
  'x-ratelimit-limit-requests': {
    description: "Generations that the server and the model's queue take.",
    schema: { type: 'integer' },
  },
  'x-ratelimit-remaining-requests': {
    description: 'How many more would be taken now, at the priority of this request.',
    schema: { type: 'integer' },
  },
  'x-ratelimit-reset-requests': {
    description: 'Expected until all that waits now has started, e.g. `12ms`, `1.5s`, `6m0s`.',
    schema: { type: 'string' },
  },
};
