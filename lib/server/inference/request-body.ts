/** The JSON of an inference request. */
import { z } from 'zod';
import { flag, integerBetween, text } from '../schemas/fields.js';
import { datatypes } from './datatypes.js';

const mostTensors = 1024;
const mostDims = 64;
/** Microseconds, as Triton counts timeouts; a day. */
const longestTimeoutUs = 86_400_000_000;

const name = z.string({ error: 'a string' }).min(1, { error: 'a name that is not empty' });
const size = integerBetween(0, 2 ** 40);

const shapeError = `an array of at most ${String(mostDims)} whole numbers from 0`;
const shape = z.custom<readonly number[]>(
  (value) =>
    Array.isArray(value) &&
    value.length <= mostDims &&
    value.every((dim) => Number.isSafeInteger(dim) && (dim as number) >= 0),
  { error: shapeError },
);

const input = z.object(
  {
    name,
    shape,
    datatype: z.enum(datatypes, { error: `one of ${datatypes.join(', ')}` }),
    parameters: z.object({ binary_data_size: size }, { error: 'an object' }).nullish(),
    data: z.unknown().optional(),
  },
  { error: 'an object' },
);

const output = z.object(
  { name, parameters: z.object({ binary_data: flag, classification: size }, { error: 'an object' }).nullish() },
  { error: 'an object' },
);

/** Body of POST /v2/models/{id}/infer. */
export const inferenceBody = z.object(
  {
    id: text,
    parameters: z
      .object(
        {
          binary_data_output: flag,
          priority: integerBetween(0, 2 ** 32),
          timeout: integerBetween(0, longestTimeoutUs),
          sequence_id: z
            .union([z.literal(0), z.literal('')], { error: 'no sequence: models here keep no state' })
            .nullish(),
        },
        { error: 'an object' },
      )
      .nullish(),
    inputs: z.array(input, { error: 'an array of tensors' }).max(mostTensors, { error: 'an array of tensors' }),
    outputs: z
      .array(output, { error: 'an array of outputs' })
      .max(mostTensors, { error: 'an array of outputs' })
      .nullish(),
  },
  { error: 'a JSON object' },
);

export type InferenceBody = z.output<typeof inferenceBody>;
export type InputBody = InferenceBody['inputs'][number];
