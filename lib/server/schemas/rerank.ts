import { z } from 'zod';
import type { ResolvedLimits } from '../server-limits.js';
import type { Fault } from '../error-response.js';
import { flag, integerBetween, text } from './fields.js';
import type { RawBody } from './sampling.js';
import { workFields } from './scheduling.js';
import { writtenAs } from './written-as.js';

const documentsError = 'an array of strings or of objects with text, at least one';
const queryError = 'a string that is not empty';

interface Document {
  readonly text: string;
}

function documentOf(value: unknown): Document | undefined {
  if (typeof value === 'string') return { text: value };
  if (typeof value !== 'object' || value === null) return undefined;
  const { text: own } = value as { readonly text?: unknown };
  return typeof own === 'string' ? { text: own } : undefined;
}

function documentsOf(value: unknown): readonly Document[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const documents = value.map(documentOf);
  return documents.every((document) => document !== undefined) ? documents : undefined;
}

/** By hand: a schema per document is slow for hundreds of them. */
const documentList = writtenAs(
  z.array(z.union([z.string(), z.object({ text: z.string() })])).min(1),
  z.unknown().transform((value, context): readonly Document[] => {
    const found = documentsOf(value);
    if (found !== undefined) return found;
    context.addIssue({ code: 'custom', message: documentsError, input: value });
    return z.NEVER;
  }),
).nullish();

/** Body of POST /v1/rerank, as Jina, Cohere and llama-server have it; `texts` is what text-embeddings-inference has. */
export const rerankBody = z
  .object(
    {
      model: text.describe('A model of GET /v1/models that can rank; without it the first one.'),
      query: z.string({ error: queryError }).min(1, { error: queryError }).describe('What is looked for.'),
      documents: documentList.describe('What is ranked: texts, or objects with a text. This or `texts`.'),
      texts: documentList.describe(
        'The same for clients of text-embeddings-inference, who then get its form of answer.',
      ),
      top_n: integerBetween(1, 1_000_000).describe('How many of the best are answered. Default all.'),
      return_documents: flag.describe('Each result has its document. Default false.'),
      return_text: flag.describe('With `texts`: each result has its text. Default false.'),
      truncate: flag.describe('Cuts pairs that are too long for the model, instead of refusing them. Default true.'),
      raw_scores: flag.describe("The model's own numbers, instead of 0 to 1. Default false."),
      ...workFields,
    },
    { error: 'a JSON object' },
  )
  .transform(({ documents, texts, ...rest }, context) => {
    const found = documents ?? texts;
    if (found != null) return { ...rest, documents: found, isTexts: documents == null };
    context.addIssue({ code: 'custom', message: documentsError, path: ['documents'], input: documents });
    return z.NEVER;
  });

export type RerankBody = z.output<typeof rerankBody>;

/** What the schema cannot know: the limits of the server. */
export function rerankRules({ maxRerankDocuments }: ResolvedLimits): (body: RawBody) => Fault[] {
  return (body) => {
    const isTexts = body['documents'] == null && body['texts'] != null;
    const param = isTexts ? 'texts' : 'documents';
    const given = body[param];
    const count = Array.isArray(given) ? given.length : 0;
    if (count <= maxRerankDocuments) return [];
    const message = `Expected at most ${String(maxRerankDocuments)} documents but received ${String(count)}.`;
    return [{ param, message }];
  };
}
