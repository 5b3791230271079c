import { z } from 'zod';
import { inferenceBody } from '../../inference/request-body.js';
import {
  inferenceError,
  inferenceResponse,
  modelIndex,
  modelMetadata,
  modelReady,
  serverLive,
  serverMetadata,
  serverReady,
} from '../answers/inference.js';
import { namedRequest } from '../json-schema.js';
import { modelErrors, tensorErrors } from '../operation.js';
import type { Operation, Operations } from '../operation.js';

const shared = { tag: 'Inference', errorAnswer: inferenceError } as const;
const path = { id: { description: 'The id of a model; its slashes may be encoded or not.', example: 'minilm' } };
const versioned = { ...path, version: { description: 'Every model has version 1 only.', example: '1' } };

const metadata: Operation = {
  ...shared,
  summary: 'The tensors that a model takes and gives',
  description: 'Loads the model if it is not loaded.',
  path,
  answers: { 200: { description: 'Its inputs and outputs.', json: modelMetadata } },
  errors: modelErrors,
};

const readiness: Operation = {
  ...shared,
  summary: 'A model can be used',
  path,
  answers: { 200: { description: 'It is loaded, or will be when it is asked for.', json: modelReady } },
  errors: ['model_not_found', 'model_loading'],
};

const ids = { name: 'input_ids', datatype: 'INT64', shape: [1, 4], data: [2, 17, 33, 3] };
const mask = { name: 'attention_mask', datatype: 'INT64', shape: [1, 4], data: [1, 1, 1, 1] };
const types = { name: 'token_type_ids', datatype: 'INT64', shape: [1, 4], data: [0, 0, 0, 0] };

const infer: Operation = {
  ...shared,
  summary: 'Run a model on tensors',
  path,
  headers: ['x-request-id', 'x-inferno-priority', 'x-inferno-deadline-ms', 'inference-header-content-length'],
  body: {
    schema: namedRequest('InferenceRequest', inferenceBody),
    examples: { 'all outputs': { id: '1', inputs: [ids, mask, types] } },
    bytes: 'The JSON, and behind it the tensors that have a binary_data_size: little-endian elements.',
  },
  answers: {
    200: {
      description: 'The outputs, as JSON or with tensors behind it.',
      json: inferenceResponse,
      bytes: 'The JSON, and behind it the tensors that have a binary_data_size.',
    },
  },
  errors: tensorErrors,
};

export const inferenceOperations: Operations = {
  'GET /v2': {
    ...shared,
    summary: 'The server, and which extensions it has',
    answers: { 200: { description: 'Its name and version.', json: serverMetadata } },
  },
  'GET /v2/health/live': {
    ...shared,
    summary: 'The process lives',
    isOpen: true,
    answers: { 200: { description: 'It serves requests.', json: serverLive } },
  },
  'GET /v2/health/ready': {
    ...shared,
    summary: 'It takes requests',
    isOpen: true,
    answers: { 200: { description: 'Every model named at start was loaded.', json: serverReady } },
    errors: ['model_loading', 'shutting_down'],
  },
  'GET /v2/models/{id}': metadata,
  'GET /v2/models/{id}/versions/{version}': { ...metadata, path: versioned },
  'GET /v2/models/{id}/ready': readiness,
  'GET /v2/models/{id}/versions/{version}/ready': { ...readiness, path: versioned },
  'POST /v2/models/{id}/infer': infer,
  'POST /v2/models/{id}/versions/{version}/infer': { ...infer, path: versioned },
  'POST /v2/repository/index': {
    ...shared,
    summary: 'The served models, as this protocol has them',
    body: {
      schema: z.object({ ready: z.boolean().optional().describe('Only those that are loaded.') }),
      examples: { all: {}, loaded: { ready: true } },
      isOptional: true,
    },
    answers: { 200: { description: 'All of them, loaded or not.', json: modelIndex } },
  },
};
