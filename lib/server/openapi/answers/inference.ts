/** What the Open Inference Protocol answers. */
import { z } from 'zod';
import { errorCodes } from '../../../error-codes.js';
import { datatypes } from '../../inference/datatypes.js';
import { namedAnswer } from '../json-schema.js';

const dims = z.array(z.int().min(-1)).describe('-1 for a dimension of any size.');
const tensor = z.object({
  name: z.string(),
  datatype: z.string().describe("The protocol's name for it, else the model's own."),
  shape: dims,
});

export const serverMetadata = namedAnswer(
  'InferenceServer',
  z.object({ name: z.literal('inferno'), version: z.string(), extensions: z.array(z.string()) }),
);

export const serverLive = namedAnswer('InferenceServerLive', z.object({ live: z.literal(true) }));
export const serverReady = namedAnswer('InferenceServerReady', z.object({ ready: z.literal(true) }));

export const modelMetadata = namedAnswer(
  'InferenceModel',
  z.object({
    name: z.string(),
    versions: z.array(z.literal('1')),
    platform: z.enum(['onnxruntime_onnx', 'llama.cpp']),
    inputs: z.array(tensor).describe('None for models that take no tensors.'),
    outputs: z.array(tensor),
  }),
);

export const modelReady = namedAnswer('InferenceModelReady', z.object({ name: z.string(), ready: z.literal(true) }));

export const modelIndex = namedAnswer(
  'InferenceModelIndex',
  z.array(
    z.object({
      name: z.string(),
      version: z.literal('1'),
      state: z.enum(['READY', 'LOADING', 'UNAVAILABLE']),
      reason: z.string().describe('Empty for what is ready.'),
    }),
  ),
);

export const inferenceResponse = namedAnswer(
  'InferenceResponse',
  z.object({
    model_name: z.string(),
    model_version: z.literal('1'),
    id: z.string().optional().describe('That of the request.'),
    outputs: z.array(
      z.object({
        name: z.string(),
        datatype: z.enum(datatypes),
        shape: z.array(z.int().min(0)),
        parameters: z
          .object({ binary_data_size: z.int().min(0).describe('Bytes of this tensor behind the JSON.') })
          .optional(),
        data: z
          .array(z.union([z.number(), z.boolean(), z.string(), z.null()]))
          .optional()
          .describe('In row-major order; null for what JSON has no number for.'),
      }),
    ),
  }),
);

export const inferenceError = namedAnswer(
  'InferenceError',
  z.object({
    error: z.string().describe('What was wrong, and what was expected.'),
    code: z.enum(Object.keys(errorCodes)).describe('Stable: docs/errors.md says what to do about each.'),
  }),
);
