import { z } from 'zod';
import { responsesBody } from '../../responses/request-body.js';
import { chatCompletionBody } from '../../schemas/chat-completions.js';
import { namedAnswer, namedRequest } from '../json-schema.js';
import { modelErrors } from '../operation.js';
import type { Operations } from '../operation.js';

const answers = {
  200: {
    description: 'How many tokens the prompt would be.',
    json: namedAnswer(
      'InputTokens',
      z.object({ object: z.literal('response.input_tokens'), input_tokens: z.int().min(0) }),
    ),
  },
};
const errors = [...modelErrors, 'no_vocabulary', 'invalid_chat_template', 'context_length_exceeded'] as const;

export const inputTokenOperations: Operations = {
  'POST /v1/chat/completions/input_tokens': {
    tag: 'Generation',
    summary: 'Count the tokens of a chat',
    body: {
      schema: namedRequest('ChatCompletionRequest', chatCompletionBody),
      examples: { chat: { messages: [{ role: 'user', content: 'What is Inferno?' }] } },
    },
    answers,
    errors,
  },
  'POST /v1/responses/input_tokens': {
    tag: 'Responses',
    summary: 'Count the tokens of a response',
    body: {
      schema: namedRequest('ResponseRequest', responsesBody),
      examples: { text: { input: 'What is Inferno?' } },
    },
    answers,
    errors,
  },
};
