import { z } from 'zod';
import { backgroundDeleted, backgroundList, backgroundWork } from '../answers/background.js';
import type { Operations } from '../operation.js';

const path = { id: { description: 'The id of background work.', example: 'bg_1' } };

export const backgroundOperations: Operations = {
  'GET /v1/background': {
    tag: 'Background',
    summary: 'Your background work, newest first',
    description: 'Without the answers. Needs `inferno serve --background`, as all of these: docs/background.md.',
    query: z.object({
      limit: z.int().min(1).max(100).optional().describe('Default 20.'),
      after: z.string().optional().describe('The last id of the page before.'),
    }),
    answers: { 200: { description: 'A page.', json: backgroundList } },
    errors: ['request_not_found'],
  },
  'GET /v1/background/{id}': {
    tag: 'Background',
    summary: 'What became of background work',
    path,
    answers: { 200: { description: 'Its status, and its answer once that is there.', json: backgroundWork } },
    errors: ['request_not_found', 'invalid_argument'],
  },
  'POST /v1/background/{id}/cancel': {
    tag: 'Background',
    summary: 'End background work',
    description: 'What has ended stays as it is.',
    path,
    answers: { 200: { description: 'As it is now.', json: backgroundWork } },
    errors: ['request_not_found', 'journal_unavailable'],
  },
  'DELETE /v1/background/{id}': {
    tag: 'Background',
    summary: 'Forget background work',
    description: 'Ends it if it has not ended.',
    path,
    answers: { 200: { description: 'It is gone.', json: backgroundDeleted } },
    errors: ['request_not_found', 'journal_unavailable'],
  },
};
