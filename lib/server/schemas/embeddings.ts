import { z } from 'zod';
import type { ModelInfo } from '../../api/types.js';
import type { ResolvedLimits } from '../server-limits.js';
import type { Fault } from '../error-response.js';
import { flag, integerBetween, text } from './fields.js';
import { isTokens, promptsForm, promptsOf } from './prompts.js';
import type { Prompt } from './prompts.js';
import type { RawBody } from './sampling.js';
import { workFields } from './scheduling.js';
import { lengthFaults } from './text-length.js';
import { writtenAs } from './written-as.js';

const inputError = 'a string, an array of strings, an array of token ids or an array of arrays of token ids';
const mostDimensions = 65_536;

const input = writtenAs(
  promptsForm,
  z.unknown().transform((value, context): readonly Prompt[] => {
    const found = promptsOf(value);
    if (found !== undefined) return found;
    context.addIssue({ code: 'custom', message: inputError, input: value });
    return z.NEVER;
  }),
);

/** Body of POST /v1/embeddings. */
export const embeddingBody = z.object(
  {
    input: input.describe('What is to be embedded: one input or several.'),
    model: text.describe('A model of GET /v1/models; without it the first one.'),
    encoding_format: z
      .enum(['float', 'base64'], { error: '"float" or "base64"' })
      .nullish()
      .describe('Numbers, or base64 of little-endian 32-bit floats. Default float.'),
    dimensions: integerBetween(1, mostDimensions).describe(
      'The first so many numbers, at length 1 again; at most what the model has.',
    ),
    truncate: flag.describe('Cuts inputs that are too long for the model, instead of refusing them. Default false.'),
    ...workFields,
  },
  { error: 'a JSON object' },
);

export type EmbeddingBody = z.infer<typeof embeddingBody>;

/** What the schema cannot know: the limits of the server. */
export function embeddingRules({ maxEmbeddingInputs }: ResolvedLimits): (body: RawBody) => Fault[] {
  return (body) => {
    const inputs = promptsOf(body['input']) ?? [];
    const faults: Fault[] = [];
    if (inputs.length > maxEmbeddingInputs) {
      const message = `Expected at most ${String(maxEmbeddingInputs)} inputs but received ${String(inputs.length)}.`;
      faults.push({ param: 'input', message });
    }
    const empty = inputs.findIndex((item) => item.length === 0);
    if (empty >= 0) {
      const param = Array.isArray(body['input']) && !isTokens(body['input']) ? `input[${String(empty)}]` : 'input';
      faults.push({ param, message: `Expected a text that is not empty for ${param}.` });
    }
    return faults;
  };
}

/** What the schema cannot know: what the model takes. */
export function embeddingFaults(
  body: EmbeddingBody,
  model: Pick<ModelInfo, 'trainContextSize' | 'embeddingLength' | 'pooling'>,
): Fault[] {
  const faults = lengthFaults(body.input, 'input', model);
  const dimensions = body.dimensions ?? model.embeddingLength;
  if (dimensions > model.embeddingLength) {
    const message = `Expected at most ${String(model.embeddingLength)} for dimensions, which this model has, but received ${String(dimensions)}.`;
    faults.push({ param: 'dimensions', message });
  }
  if (model.pooling === 'none') {
    const message =
      'This model was loaded with the pooling none, a vector for each token: ask POST /embedding for them.';
    faults.push({ param: 'model', message });
  }
  return faults;
}
