import { health, notReady, readiness } from '../answers/models.js';
import type { Operation, Operations } from '../operation.js';

const live: Operation = {
  tag: 'Health',
  summary: 'The process lives',
  description: 'How busy it is changes what it says, never the 200.',
  isOpen: true,
  answers: { 200: { description: 'It serves requests.', json: health } },
};

export const healthOperations: Operations = {
  'GET /health': live,
  'GET /v1/health': { ...live, summary: 'Another name of /health' },
  'GET /health/ready': {
    tag: 'Health',
    summary: 'It takes requests',
    isOpen: true,
    answers: { 200: { description: 'Every model named at start was loaded.', json: readiness } },
    errors: ['model_loading', 'overloaded', 'shutting_down'],
    errorAnswer: notReady,
  },
};
