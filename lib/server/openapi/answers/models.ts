/** What is told of models and of the server's health. */
import { z } from 'zod';
import type { ModelCapability } from '../../../manager/model-source.js';
import type { ModelFormat } from '../../../models/registry.js';
import { namedAnswer } from '../json-schema.js';
import { errorObject } from './errors.js';

const state = z.enum(['loading', 'loaded', 'unloaded', 'failed']);
const share = z.number().min(0).max(1);
const count = z.int().min(0);
const capabilities = [
  'completion',
  'chat',
  'embeddings',
  'rerank',
  'classify',
  'infer',
] as const satisfies readonly ModelCapability[];

export const model = namedAnswer(
  'Model',
  z.object({
    id: z.string(),
    object: z.literal('model'),
    created: z.int().describe('Unix seconds.'),
    owned_by: z.string(),
    format: z.enum(['gguf', 'onnx'] satisfies ModelFormat[]),
    state,
    progress: share.optional().describe('Of loading, 0 to 1.'),
    memory_bytes: count.describe('What it holds, or an estimate until it was loaded once.'),
    last_used: z.int().nullable().describe('Unix seconds; null for never.'),
    pinned: z.boolean(),
    ttl_seconds: z.number().describe('0 for never unloaded for idleness.'),
    load_ms: z.number().optional().describe('How long loading took.'),
    context_window: count.optional().describe('Tokens that a sequence holds, of a loaded model.'),
    capabilities: z.array(z.enum(capabilities)).optional().describe('Of a loaded model.'),
  }),
);

export const modelList = namedAnswer('ModelList', z.object({ object: z.literal('list'), data: z.array(model) }));

const component = z.looseObject({ status: z.enum(['ok', 'degraded', 'failed', 'off']) });

export const health = namedAnswer(
  'Health',
  z.object({
    status: z.literal('ok'),
    uptime_seconds: count,
    components: z.record(z.string(), component).describe('Of what the server consists, and how each part is.'),
    queue: z.object({
      status: z.enum(['healthy', 'degraded', 'critical']),
      queue_depth: count,
      held: count,
      active_workers: count,
      total_workers: count,
      avg_wait_ms: z.number(),
      timestamp_ms: z.number(),
    }),
  }),
);

const progress = z.array(z.object({ id: z.string(), status: state, progress: share }));

export const readiness = namedAnswer('Readiness', z.object({ status: z.literal('ready'), models: progress }));

export const notReady = namedAnswer('NotReady', z.object({ error: errorObject, models: progress.optional() }));
