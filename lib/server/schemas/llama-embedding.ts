import { z } from 'zod';
import type { Fault } from '../error-response.js';
import type { ResolvedLimits } from '../server-limits.js';
import { text } from './fields.js';
import { mixedPromptsForm, mixedPromptsOf } from './llama-completion.js';
import type { MixedPrompt } from './llama-completion.js';
import type { RawBody } from './sampling.js';
import { writtenAs } from './written-as.js';

const inputError = 'a text, an array of texts and token ids, or an array of these';

/** Null where the other name is used. */
const inputForm = mixedPromptsForm.nullable();

/** Body of POST /embedding: the input is in `content` or `input`. */
export const llamaEmbeddingBody = z
  .object(
    {
      input: writtenAs(inputForm, z.unknown()).optional().describe('What is to be embedded.'),
      content: writtenAs(mixedPromptsForm, z.unknown()).optional().describe('Another name of input.'),
      model: text.describe('A model of GET /v1/models; without it the first one.'),
      encoding_format: z.literal('float', { error: '"float"' }).nullish().describe('Numbers only.'),
      embd_normalize: z
        .union([z.literal(-1), z.literal(2)], { error: '2 (unit length) or -1 (as they are)' })
        .nullish()
        .describe('2: unit length (default); -1: as they are.'),
    },
    { error: 'a JSON object' },
  )
  .transform(({ input, content, ...rest }, context) => {
    const given = input ?? content;
    const found: readonly MixedPrompt[] | undefined = mixedPromptsOf(given);
    if (found !== undefined) return { ...rest, input: found };
    const name = input == null ? 'content' : 'input';
    context.addIssue({ code: 'custom', message: inputError, path: [name], input: given });
    return z.NEVER;
  });

export type LlamaEmbeddingBody = z.output<typeof llamaEmbeddingBody>;

/** What the schema cannot know: the limits of the server. */
export function llamaEmbeddingRules({ maxEmbeddingInputs }: ResolvedLimits): (body: RawBody) => Fault[] {
  return (body) => {
    const count = mixedPromptsOf(body['input'] ?? body['content'])?.length ?? 0;
    if (count <= maxEmbeddingInputs) return [];
    const message = `Expected at most ${String(maxEmbeddingInputs)} inputs but received ${String(count)}.`;
    return [{ param: 'input', message }];
  };
}
