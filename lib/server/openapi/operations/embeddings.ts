import { embeddingBody } from '../../schemas/embeddings.js';
import { detokenizeBody, tokenizeBody } from '../../schemas/tokenize.js';
import { embeddingList, tokenList, tokensText } from '../answers/embeddings.js';
import { namedRequest } from '../json-schema.js';
import { modelErrors } from '../operation.js';
import type { Operations } from '../operation.js';

export const embeddingOperations: Operations = {
  'POST /v1/embeddings': {
    tag: 'Embeddings',
    summary: 'Embed texts',
    body: {
      schema: namedRequest('EmbeddingRequest', embeddingBody),
      examples: {
        'one text': { input: 'A stitch in time saves nine.' },
        several: { input: ['red', 'green'], encoding_format: 'base64' },
      },
    },
    answers: { 200: { description: 'A vector for each input.', json: embeddingList } },
    errors: [...modelErrors, 'embedding_unsupported', 'context_length_exceeded', 'empty_prompt', 'decode_failed'],
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
