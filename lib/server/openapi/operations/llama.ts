import { z } from 'zod';
import { applyTemplateBody } from '../../schemas/apply-template.js';
import { llamaCompletionBody, llamaInfillBody } from '../../schemas/llama-completion.js';
import { llamaEmbeddingBody } from '../../schemas/llama-embedding.js';
import {
  llamaAnswers,
  llamaEmbeddings,
  llamaPart,
  loraAdapters,
  props,
  renderedPrompt,
  slots,
  success,
} from '../answers/llama.js';
import { modelList } from '../answers/models.js';
import { namedRequest } from '../json-schema.js';
import { encodingErrors, generationErrors, modelErrors } from '../operation.js';
import type { Operation, Operations } from '../operation.js';
import { rerankOperation } from './embeddings.js';
import { generationOperations } from './generation.js';
import { inputTokenOperations } from './input-tokens.js';
import { responseOperations } from './responses.js';

const model = z.string().optional().describe('The id of a model; without it the first one.');

const generated = {
  200: {
    description: 'The text, whole or streamed; a list for several.',
    json: llamaAnswers,
    events: llamaPart,
    eventsNote: 'The last part has `"stop": true`.',
    hasRateLimit: true,
  },
};

const completion: Operation = {
  tag: 'llama-server',
  summary: 'Continue a text',
  headers: ['x-request-id', 'x-inferno-priority', 'x-inferno-deadline-ms'],
  body: {
    schema: namedRequest('LlamaCompletionRequest', llamaCompletionBody),
    examples: {
      whole: { prompt: 'Once upon a time', n_predict: 32 },
      streamed: { prompt: 'Once upon a time', n_predict: 32, stream: true },
    },
  },
  answers: generated,
  errors: generationErrors,
};

const embedding: Operation = {
  tag: 'llama-server',
  summary: 'Embed texts',
  body: {
    schema: namedRequest('LlamaEmbeddingRequest', llamaEmbeddingBody),
    examples: { 'one text': { content: 'A stitch in time saves nine.' } },
  },
  answers: { 200: { description: 'A list with a vector for each input.', json: llamaEmbeddings } },
  errors: [...encodingErrors, 'embedding_unsupported'],
};

const rerank: Operation = { ...rerankOperation, tag: 'llama-server', summary: 'Another name of /v1/rerank' };
const chat = generationOperations['POST /v1/chat/completions'];

/** Without /v1. */
const otherNames: Operations = Object.fromEntries(
  Object.entries({ ...responseOperations, ...inputTokenOperations }).flatMap(([name, operation]) => {
    const [method = '', path = ''] = name.split(' ');
    const isShort = method === 'POST' && (path === '/v1/responses' || path.endsWith('/input_tokens'));
    const other = { ...operation, tag: 'llama-server', summary: `Another name of ${path}` } as const;
    return isShort ? [[`${method} ${path.slice('/v1'.length)}`, other]] : [];
  }),
);

export const llamaOperations: Operations = {
  'POST /completion': completion,
  'POST /completions': { ...completion, summary: 'Another name of /completion' },
  'POST /infill': {
    tag: 'llama-server',
    summary: 'Fill a gap in a text',
    description: 'Only with models whose vocabulary has tokens for that.',
    body: {
      schema: namedRequest('LlamaInfillRequest', llamaInfillBody),
      examples: { gap: { input_prefix: 'function add(a, b) {\n', input_suffix: '\n}', n_predict: 16 } },
    },
    answers: generated,
    errors: [...generationErrors, 'not_supported'],
  },
  'POST /embedding': embedding,
  'POST /embeddings': { ...embedding, summary: 'Another name of /embedding' },
  'POST /rerank': rerank,
  'POST /reranking': rerank,
  'POST /v1/reranking': rerank,
  'POST /apply-template': {
    tag: 'llama-server',
    summary: 'The prompt that a chat is',
    body: {
      schema: namedRequest('ApplyTemplateRequest', applyTemplateBody),
      examples: { chat: { messages: [{ role: 'user', content: 'What is Inferno?' }] } },
    },
    answers: { 200: { description: 'The text of the prompt.', json: renderedPrompt } },
    errors: [...modelErrors, 'no_vocabulary', 'invalid_chat_template', 'context_length_exceeded'],
  },
  ...(chat === undefined
    ? {}
    : {
        'POST /chat/completions': { ...chat, tag: 'llama-server', summary: 'Another name of /v1/chat/completions' },
      }),
  ...otherNames,
  'GET /models': {
    tag: 'llama-server',
    summary: 'Another name of /v1/models',
    answers: { 200: { description: 'All models, loaded or not.', json: modelList } },
  },
  'GET /props': {
    tag: 'llama-server',
    summary: 'Properties of a model',
    query: z.object({ model }),
    answers: { 200: { description: 'Its template, context and default settings.', json: props } },
    errors: modelErrors,
  },
  'POST /props': {
    tag: 'llama-server',
    summary: 'Refused: properties are set by flags',
    answers: {},
    errors: ['not_supported'],
  },
  'GET /slots': {
    tag: 'llama-server',
    summary: 'How many sequences are busy',
    query: z.object({
      model,
      fail_on_no_slot: z.string().optional().describe('If not empty: 503 when all are busy.'),
    }),
    answers: { 200: { description: 'One entry for each sequence.', json: slots } },
    errors: [...modelErrors, 'not_supported', 'overloaded'],
  },
  'POST /slots/{id}': {
    tag: 'llama-server',
    summary: 'Refused: the prompt cache keeps sequences by itself',
    path: { id: { description: 'The number of a slot.', example: '0' } },
    answers: {},
    errors: ['not_supported'],
  },
  'GET /lora-adapters': {
    tag: 'llama-server',
    summary: 'LoRA adapters: there are none',
    answers: { 200: { description: 'An empty list.', json: loraAdapters } },
  },
  'POST /lora-adapters': {
    tag: 'llama-server',
    summary: 'Set LoRA adapters: only to none',
    body: { schema: z.array(z.unknown()), examples: { none: [] } },
    answers: { 200: { description: 'None is set.', json: success } },
    errors: ['not_supported'],
  },
};
