import { z } from 'zod';
import type { ResolvedLimits } from '../server-limits.js';
import type { Fault } from '../error-response.js';
import { flag, integerBetween, text } from './fields.js';
import type { RawBody } from './sampling.js';
import { workFields } from './scheduling.js';
import { writtenAs } from './written-as.js';

const inputError = 'a string or an array of strings, at least one';

function inputsOf(value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.every((item) => typeof item === 'string') ? value : undefined;
}

const input = writtenAs(
  z.union([z.string(), z.array(z.string()).min(1)]),
  z.unknown().transform((value, context): readonly string[] => {
    const found = inputsOf(value);
    if (found !== undefined) return found;
    context.addIssue({ code: 'custom', message: inputError, input: value });
    return z.NEVER;
  }),
);

/** Body of POST /v1/classify. */
export const classifyBody = z.object(
  {
    model: text.describe('A model of GET /v1/models that can classify; without it the first one.'),
    input: input.describe('What is to be classified: one text or several.'),
    top_k: integerBetween(1, 1_000_000).describe('How many of the best labels are answered. Default all.'),
    truncate: flag.describe('Cuts inputs that are too long for the model, instead of refusing them. Default false.'),
    raw_scores: flag.describe("The model's own numbers, instead of 0 to 1. Default false."),
    ...workFields,
  },
  { error: 'a JSON object' },
);

export type ClassifyBody = z.output<typeof classifyBody>;

/** What the schema cannot know: the limits of the server. */
export function classifyRules({ maxEmbeddingInputs }: ResolvedLimits): (body: RawBody) => Fault[] {
  return (body) => {
    const inputs = inputsOf(body['input']) ?? [];
    const faults: Fault[] = [];
    if (inputs.length > maxEmbeddingInputs) {
      const message = `Expected at most ${String(maxEmbeddingInputs)} inputs but received ${String(inputs.length)}.`;
      faults.push({ param: 'input', message });
    }
    const empty = inputs.indexOf('');
    if (empty >= 0) {
      const param = Array.isArray(body['input']) ? `input[${String(empty)}]` : 'input';
      faults.push({ param, message: `Expected a text that is not empty for ${param}.` });
    }
    return faults;
  };
}
