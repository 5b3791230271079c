import { z } from 'zod';
import { responsesBody } from '../../responses/request-body.js';
import { inputItem } from '../../responses/input-items.js';
import { inputItems, response, responseDeleted, responseEvent } from '../answers/responses.js';
import { namedRequest } from '../json-schema.js';
import { generationErrors } from '../operation.js';
import type { Operations } from '../operation.js';

namedRequest('ResponseInputItem', inputItem);

const path = { id: { description: 'The id of a response.', example: 'resp_1' } };

export const responseOperations: Operations = {
  'POST /v1/responses': {
    tag: 'Responses',
    summary: 'Make a response',
    description: 'Whole, as typed events, or in the background: docs/responses.md.',
    headers: ['x-request-id', 'x-inferno-priority', 'x-inferno-deadline-ms', 'idempotency-key'],
    body: {
      schema: namedRequest('ResponseRequest', responsesBody),
      examples: {
        whole: { input: 'What is Inferno?', max_output_tokens: 64 },
        streamed: { input: 'What is Inferno?', max_output_tokens: 64, stream: true },
        'after an earlier one': { input: 'And what does it cost?', previous_response_id: 'resp_1' },
      },
    },
    answers: {
      200: {
        description: 'The response, whole or streamed; `queued` with `"background": true`.',
        json: response,
        events: responseEvent,
        eventsNote:
          'Each event is named as the `type` of its data. The last one is `response.completed`, `.incomplete` or `.failed`.',
      },
    },
    errors: [...generationErrors, 'journal_unavailable'],
  },
  'GET /v1/responses/{id}': {
    tag: 'Responses',
    summary: 'A response that was given before',
    description: 'Or how far it is, in the background. For the key that asked for it.',
    path,
    query: z.object({ stream: z.literal('false').optional().describe('It is sent whole.') }),
    answers: { 200: { description: 'The response.', json: response } },
    errors: ['request_not_found'],
  },
  'GET /v1/responses/{id}/input_items': {
    tag: 'Responses',
    summary: 'What a response was asked with',
    path,
    answers: { 200: { description: 'Its items, earlier responses included.', json: inputItems } },
    errors: ['request_not_found'],
  },
  'POST /v1/responses/{id}/cancel': {
    tag: 'Responses',
    summary: 'End a background response',
    path,
    answers: { 200: { description: 'The response as it is now; what has ended stays as it is.', json: response } },
    errors: ['request_not_found'],
  },
  'DELETE /v1/responses/{id}': {
    tag: 'Responses',
    summary: 'Forget a response',
    description: 'Ends it if it has not ended.',
    path,
    answers: { 200: { description: 'It is gone.', json: responseDeleted } },
    errors: ['request_not_found'],
  },
};
