import { embeddingBody } from '../../schemas/embeddings.js';
import { classifyBody } from '../../schemas/classify.js';
import { rerankBody } from '../../schemas/rerank.js';
import { detokenizeBody, tokenizeBody } from '../../schemas/tokenize.js';
import { classifications, embeddingList, rankedDocuments, tokenList, tokensText } from '../answers/embeddings.js';
import { namedRequest } from '../json-schema.js';
import { encodingErrors, modelErrors } from '../operation.js';
import type { Operation, Operations, RequestHeader } from '../operation.js';

const headers: readonly RequestHeader[] = ['x-request-id', 'x-inferno-priority', 'x-inferno-deadline-ms'];
const query = 'How do plants make energy?';
const documents = ['Photosynthesis turns light into sugar.', 'The harbour freezes in winter.'];

/** Also what llama-server's names for it do. */
export const rerankOperation: Operation = {
  tag: 'Embeddings',
  summary: 'Rank documents by how well they answer a query',
  description:
    'Only with models that can, which have `rerank` among their capabilities: GGUF files with rank pooling, cross-encoders in ONNX. docs/onnx-models.md.',
  headers,
  body: {
    schema: namedRequest('RerankRequest', rerankBody),
    examples: {
      scores: { query, documents },
      'the best with its text': { query, documents, top_n: 1, return_documents: true },
      'as text-embeddings-inference has it': { query, texts: documents },
    },
  },
  answers: { 200: { description: 'The documents, best first.', json: rankedDocuments } },
  errors: [...encodingErrors, 'task_unsupported'],
};

export const embeddingOperations: Operations = {
  'POST /v1/embeddings': {
    tag: 'Embeddings',
    summary: 'Embed texts',
    headers,
    body: {
      schema: namedRequest('EmbeddingRequest', embeddingBody),
      examples: {
        'one text': { input: 'A stitch in time saves nine.' },
        several: { input: ['red', 'green'], encoding_format: 'base64' },
      },
    },
    answers: { 200: { description: 'A vector for each input.', json: embeddingList } },
    errors: [...encodingErrors, 'embedding_unsupported'],
  },
  'POST /v1/rerank': rerankOperation,
  'POST /v1/classify': {
    tag: 'Embeddings',
    summary: 'Classify texts',
    description:
      'Only with models that can, which have `classify` among their capabilities: those with a classifier of several classes. docs/onnx-models.md.',
    headers,
    body: {
      schema: namedRequest('ClassifyRequest', classifyBody),
      examples: {
        'one text': { input: 'What a lovely day!' },
        'the best label of several': { input: ['What a lovely day!', 'It broke at once.'], top_k: 1 },
      },
    },
    answers: { 200: { description: 'Labels for each input, best first.', json: classifications } },
    errors: [...encodingErrors, 'task_unsupported'],
  },
  'POST /tokenize': {
    tag: 'Embeddings',
    summary: 'Text to token ids',
    body: {
      schema: namedRequest('TokenizeRequest', tokenizeBody),
      examples: { ids: { content: 'Hello, world' }, 'with pieces': { content: 'Hello, world', with_pieces: true } },
    },
    answers: { 200: { description: 'Ids, or ids with texts.', json: tokenList } },
    errors: [...modelErrors, 'no_vocabulary'],
  },
  'POST /detokenize': {
    tag: 'Embeddings',
    summary: 'Token ids to text',
    body: { schema: namedRequest('DetokenizeRequest', detokenizeBody), examples: { text: { tokens: [10, 11, 12] } } },
    answers: { 200: { description: 'Their text.', json: tokensText } },
    errors: modelErrors,
  },
};
