/** Work that is answered later, and requests that have not ended. */
import { z } from 'zod';
import { tiers } from '../../../native-types.js';
import { namedAnswer } from '../json-schema.js';
import { errorObject } from './errors.js';

const unixSeconds = z.int().describe('Unix seconds.');

const summary = z.object({
  id: z.string(),
  object: z.literal('background'),
  status: z.enum(['queued', 'running', 'completed', 'failed', 'cancelled']),
  endpoint: z.string().describe('The path that it was posted to.'),
  model: z.string(),
  created_at: unixSeconds,
  ended_at: unixSeconds.nullable(),
  expires_at: unixSeconds.nullable().describe('When it will be forgotten.'),
  priority: z.enum(tiers),
  tags: z.array(z.string()),
  request_id: z.string(),
  retry_count: z.int().min(0).describe('Starts after the first: the server was stopped in between.'),
  position: z.int().nullable().describe('In the queue; null once it runs.'),
  eta_ms: z.number().nullable().describe('Expected until it starts.'),
});

export const backgroundWork = namedAnswer(
  'BackgroundWork',
  summary.extend({
    error: errorObject.nullable().describe('Why it failed.'),
    response: z.unknown().describe('The answer, as the endpoint would have given it; null until it is there.'),
  }),
);

const page = { first_id: z.string().nullable(), last_id: z.string().nullable(), has_more: z.boolean() };

export const backgroundList = namedAnswer(
  'BackgroundList',
  z.object({ object: z.literal('list'), data: z.array(namedAnswer('BackgroundSummary', summary)), ...page }),
);

export const backgroundDeleted = namedAnswer(
  'BackgroundDeleted',
  z.object({ id: z.string(), object: z.literal('background'), deleted: z.literal(true) }),
);

export const openRequest = namedAnswer(
  'OpenRequest',
  z.object({
    id: z.string(),
    object: z.literal('request'),
    model: z.string().nullable(),
    state: z.enum(['held', 'preparing', 'waiting', 'running', 'parked']),
    position: z.int().nullable(),
    eta_ms: z.number().nullable().describe('Expected until it starts.'),
    priority: z.enum(tiers),
    tags: z.array(z.string()),
    retry_count: z.int().min(0),
    dependencies: z.array(z.string()),
  }),
);
