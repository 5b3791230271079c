import { modelSettingsBody } from '../../schemas/model-settings.js';
import { openRequest } from '../answers/background.js';
import { model, modelList } from '../answers/models.js';
import { namedRequest } from '../json-schema.js';
import type { Operations } from '../operation.js';

const path = { id: { description: 'The id of a model; its slashes may be encoded or not.', example: 'ember' } };
const body = {
  schema: namedRequest('ModelSettings', modelSettingsBody),
  examples: { 'keep it': { pin: true }, 'for ten minutes of idleness': { ttl_seconds: 600 } },
  isOptional: true,
};

export const modelOperations: Operations = {
  'GET /v1/models': {
    tag: 'Models',
    summary: 'The served models',
    answers: { 200: { description: 'All of them, loaded or not.', json: modelList } },
  },
  'GET /v1/models/{id}': {
    tag: 'Models',
    summary: 'One model',
    path,
    answers: { 200: { description: 'The model.', json: model } },
    errors: ['model_not_found'],
  },
  'POST /v1/models/{id}/load': {
    tag: 'Models',
    summary: 'Load a model now',
    description: 'Answers once it is loaded.',
    path,
    body,
    answers: { 200: { description: 'The model, loaded.', json: model } },
    errors: ['model_not_found', 'model_loading', 'model_unloaded', 'out_of_memory'],
  },
  'POST /v1/models/{id}/unload': {
    tag: 'Models',
    summary: 'Unload a model',
    description: 'Its generations end first.',
    path,
    body,
    answers: {
      200: { description: 'The model, unloaded.', json: model },
      202: { description: 'Its generations take longer; it will be unloaded.', json: model },
    },
    errors: ['model_not_found'],
  },
  'GET /v1/requests/{id}': {
    tag: 'Models',
    summary: 'Where a request stands that has not ended',
    path: { id: { description: 'The x-request-id of a request.', example: 'req_1' } },
    answers: { 200: { description: 'Its state, position and expected wait.', json: openRequest } },
    errors: ['request_not_found'],
  },
};
