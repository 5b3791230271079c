import { chatCompletionBody } from '../../schemas/chat-completions.js';
import { completionBody } from '../../schemas/completions.js';
import { message } from '../../schemas/messages.js';
import { backgroundWork } from '../answers/background.js';
import { chatCompletion, chatCompletionChunk, textCompletion, textCompletionChunk } from '../answers/generation.js';
import { namedRequest } from '../json-schema.js';
import { generationErrors } from '../operation.js';
import type { Answer, Operations } from '../operation.js';

namedRequest('ChatMessage', message);

const accepted: Answer = {
  description: 'With `"background": true`: it is on disk and will be answered. `location` says where.',
  json: backgroundWork,
};

const messages = [{ role: 'user', content: 'What is Inferno?' }];
const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather of a city.',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};
const citySchema = {
  type: 'object',
  properties: { city: { type: 'string' }, population: { type: 'integer' } },
  required: ['city', 'population'],
  additionalProperties: false,
};

export const generationOperations: Operations = {
  'POST /v1/chat/completions': {
    tag: 'Generation',
    summary: 'Answer a chat',
    description: 'Streamed or whole; tools, structured output, reasoning: docs/chat-completions.md.',
    headers: ['x-request-id', 'x-inferno-priority', 'x-inferno-deadline-ms', 'idempotency-key'],
    body: {
      schema: namedRequest('ChatCompletionRequest', chatCompletionBody),
      examples: {
        whole: { messages, max_tokens: 64 },
        streamed: { messages, max_tokens: 64, stream: true, stream_options: { include_usage: true } },
        tools: { messages: [{ role: 'user', content: 'Is it raining in Oslo?' }], tools: [weather] },
        'structured output': {
          messages: [{ role: 'user', content: 'Name a city and its population.' }],
          response_format: { type: 'json_schema', json_schema: { name: 'city', schema: citySchema } },
        },
      },
    },
    answers: {
      200: {
        description: 'The answer, whole or streamed.',
        json: chatCompletion,
        events: chatCompletionChunk,
        hasRateLimit: true,
      },
      202: accepted,
    },
    errors: [...generationErrors, 'journal_unavailable'],
  },
  'POST /v1/completions': {
    tag: 'Generation',
    summary: 'Continue a text',
    headers: ['x-request-id', 'x-inferno-priority', 'x-inferno-deadline-ms', 'idempotency-key'],
    body: {
      schema: namedRequest('CompletionRequest', completionBody),
      examples: {
        whole: { prompt: 'Once upon a time', max_tokens: 32 },
        streamed: { prompt: 'Once upon a time', max_tokens: 32, stream: true },
        'several prompts': { prompt: ['One, two,', 'Red, green,'], max_tokens: 8 },
      },
    },
    answers: {
      200: {
        description: 'The text, whole or streamed.',
        json: textCompletion,
        events: textCompletionChunk,
        hasRateLimit: true,
      },
      202: accepted,
    },
    errors: [...generationErrors, 'journal_unavailable'],
  },
};
