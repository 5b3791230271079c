import { countTokensBody, messagesBody } from '../../messages/request-body.js';
import { messagesErrorAnswer } from '../answers/errors.js';
import { message, messageEvent, tokenCount } from '../answers/messages.js';
import { namedRequest } from '../json-schema.js';
import { generationErrors, modelErrors } from '../operation.js';
import type { Operations } from '../operation.js';

const messages = [{ role: 'user', content: 'What is Inferno?' }];

export const messageOperations: Operations = {
  'POST /v1/messages': {
    tag: 'Messages',
    summary: "Answer a chat, in Anthropic's shape",
    description: 'Blocks of text, documents of plain text, tools and thinking: docs/responses.md.',
    headers: ['x-request-id', 'x-inferno-priority', 'x-inferno-deadline-ms'],
    body: {
      schema: namedRequest('MessageRequest', messagesBody),
      examples: { whole: { messages, max_tokens: 64 }, streamed: { messages, max_tokens: 64, stream: true } },
    },
    answers: {
      200: {
        description: 'The message, whole or streamed.',
        json: message,
        events: messageEvent,
        eventsNote: 'Each event is named as the `type` of its data. The last one is `message_stop`.',
        hasRateLimit: true,
      },
    },
    errors: generationErrors,
    errorAnswer: messagesErrorAnswer,
  },
  'POST /v1/messages/count_tokens': {
    tag: 'Messages',
    summary: 'Count the tokens of a chat',
    body: { schema: namedRequest('MessageTokenCountRequest', countTokensBody), examples: { chat: { messages } } },
    answers: { 200: { description: 'How many tokens the prompt would be.', json: tokenCount } },
    errors: [...modelErrors, 'no_vocabulary', 'invalid_chat_template', 'context_length_exceeded'],
    errorAnswer: messagesErrorAnswer,
  },
};
