/** The JSON of an inference request. */
import { z } from 'zod';
import { arrayOf, flag, integerBetween, text } from '../schemas/fields.js';
import { writtenAs } from '../schemas/written-as.js';
import { datatypes } from './datatypes.js';

const mostTensors = 1024;
const mostDims = 64;
/** Microseconds, as Triton counts timeouts; a day. */
const longestTimeoutUs = 86_400_000_000;

const name = z.string({ error: 'a string' }).min(1, { error: 'a name that is not empty' });
const size = integerBetween(0, 2 ** 40);

const shapeError = `an array of at most ${String(mostDims)} whole numbers from 0`;
const shape = writtenAs(
  z.array(z.int().min(0)).max(mostDims),
  z.custom<readonly number[]>(
    (value) =>
      Array.isArray(value) &&
      value.length <= mostDims &&
      value.every((dim) => Number.isSafeInteger(dim) && (dim as number) >= 0),
    { error: shapeError },
  ),
);

const input = z.object(
  {
    name: name.describe('One of the inputs that the model names.'),
    shape: shape.describe('The size of each dimension.'),
    datatype: z.enum(datatypes, { error: `one of ${datatypes.join(', ')}` }),
    parameters: z
      .object(
        { binary_data_size: size.describe('Bytes of this tensor behind the JSON, in the order of the inputs.') },
        { error: 'an object' },
      )
      .nullish(),
    // Read later, with the type.
    data: writtenAs(z.array(z.unknown()), z.unknown())
      .optional()
      .describe('The elements in row-major order, flat or nested; unless they are behind the JSON.'),
  },
  { error: 'an object' },
);

const output = z.object(
  {
    name: name.describe('One of the outputs that the model names.'),
    parameters: z
      .object(
        {
          binary_data: flag.describe('Behind the JSON instead of in it.'),
          classification: z
            .literal(0, { error: 'no classification: POST /v1/classify names classes' })
            .nullish()
            .describe('Not here: POST /v1/classify names classes.'),
        },
        { error: 'an object' },
      )
      .nullish(),
  },
  { error: 'an object' },
);

/** Body of POST /v2/models/{id}/infer. */
export const inferenceBody = z.object(
  {
    id: text.describe('Comes back in the answer.'),
    parameters: z
      .object(
        {
          binary_data_output: flag.describe('All outputs behind the JSON instead of in it. Default false.'),
          priority: integerBetween(0, 2 ** 32).describe('1 is the best, 4 the last; 0 is the default.'),
          timeout: integerBetween(0, longestTimeoutUs).describe('Must have started after so many microseconds.'),
          sequence_id: z
            .union([z.literal(0), z.literal('')], { error: 'no sequence: models here keep no state' })
            .nullish()
            .describe('Models here keep no state.'),
        },
        { error: 'an object' },
      )
      .nullish(),
    inputs: arrayOf(input, { error: 'an array of tensors', most: mostTensors }).describe('The tensors.'),
    outputs: arrayOf(output, { error: 'an array of outputs', most: mostTensors })
      .nullish()
      .describe('Which outputs are answered. Default all.'),
  },
  { error: 'a JSON object' },
);

export type InferenceBody = z.output<typeof inferenceBody>;
export type InputBody = InferenceBody['inputs'][number];
