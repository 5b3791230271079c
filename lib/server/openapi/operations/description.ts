import type { Operations } from '../operation.js';

export const descriptionOperations: Operations = {
  'GET /openapi.json': {
    tag: 'Description',
    summary: 'This document',
    isOpen: true,
    answers: {
      200: { description: 'OpenAPI 3.1.', text: ['application/json'] },
      304: { description: 'It is what `if-none-match` names.' },
    },
  },
  'GET /docs': {
    tag: 'Description',
    summary: 'This document to read, and to try',
    isOpen: true,
    answers: {
      200: { description: 'A page that needs no network beside this server.', text: ['text/html'] },
      304: { description: 'It is what `if-none-match` names.' },
    },
  },
};
