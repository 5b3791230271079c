import { z } from 'zod';
import type { Fault } from '../error-response.js';
import { flag, integerBetween, text } from './fields.js';
import { promptsForm, promptsOf } from './prompts.js';
import type { Prompt } from './prompts.js';
import { samplingFields, samplingRules } from './sampling.js';
import type { RawBody } from './sampling.js';
import { writtenAs } from './written-as.js';

const promptError = 'a string, an array of strings, an array of token ids or an array of arrays of token ids';
/** Choices of one answer: prompts times n. */
const mostChoices = 128;

const prompts = writtenAs(
  promptsForm,
  z.unknown().transform((value, context): readonly Prompt[] => {
    const found = promptsOf(value);
    if (found !== undefined) return found;
    context.addIssue({ code: 'custom', message: promptError, input: value });
    return z.NEVER;
  }),
);

/** Body of POST /v1/completions. Unknown fields are ignored, as clients send extras. */
export const completionBody = z.object(
  {
    ...samplingFields,
    prompt: prompts.describe('What is to be continued. One choice (times n) for each prompt, at most 128 together.'),
    echo: flag.describe('The prompt precedes the text.'),
    logprobs: integerBetween(0, 20).describe('Log probabilities, with so many alternatives per token.'),
    best_of: integerBetween(1, mostChoices).describe(
      'So many choices are made; the n with the likeliest tokens are returned.',
    ),
    suffix: text.describe('The text is inserted before it, with models that can.'),
  },
  { error: 'a JSON object' },
);

export type CompletionBody = z.infer<typeof completionBody>;

/** What holds between fields. */
export function completionRules(body: RawBody): Fault[] {
  const faults = samplingRules(body);
  const { best_of: bestOf, n, suffix, echo, logprobs, prompt } = body;
  const kept = typeof n === 'number' ? n : 1;
  const made = typeof bestOf === 'number' ? bestOf : kept;
  if (made < kept) {
    faults.push({ param: 'best_of', message: 'Expected at least n for best_of, of which n choices are returned.' });
  } else if (made > kept && body['stream'] === true) {
    faults.push({ param: 'best_of', message: 'Expected best_of to equal n with "stream": true.' });
  }
  if (echo === true && suffix != null && suffix !== '') {
    faults.push({ param: 'suffix', message: 'Expected no suffix together with echo.' });
  }
  if (echo === true && logprobs != null) {
    faults.push({
      param: 'logprobs',
      message: 'Expected no logprobs together with echo: prompt tokens have none here.',
    });
  }
  const count = promptsOf(prompt)?.length ?? 0;
  if (count * Math.max(kept, made) > mostChoices) {
    const message = `Expected at most ${String(mostChoices)} choices (prompts times n or best_of).`;
    faults.push({ param: 'prompt', message });
  }
  return faults;
}
