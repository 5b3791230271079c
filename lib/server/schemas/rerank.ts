import { z } from 'zod';
import type { ResolvedLimits } from '../server-options.js';
import type { Fault } from '../error-response.js';
import { flag, integerBetween, text } from './fields.js';
import type { RawBody } from './sampling.js';
import { workFields } from './scheduling.js';

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

/** By hand: a schema per document is slow for hundreds of them. */
function documentsOf(value: unknown): readonly Document[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const documents = value.map(documentOf);
  return documents.every((document) => document !== undefined) ? documents : undefined;
}

/** Body of POST /v1/rerank, as Jina, Cohere and llama-server have it; `texts` is what text-embeddings-inference has. */
export const rerankBody = z
  .object(
    {
      model: text,
      query: z.string({ error: queryError }).min(1, { error: queryError }),
      documents: z.unknown().optional(),
      texts: z.unknown().optional(),
      top_n: integerBetween(1, 1_000_000),
      return_documents: flag,
      return_text: flag,
      truncate: flag,
      raw_scores: flag,
      ...workFields,
    },
    { error: 'a JSON object' },
  )
  .transform(({ documents, texts, ...rest }, context) => {
    const isTexts = documents == null && texts != null;
    const given = isTexts ? texts : documents;
    const found = documentsOf(given);
    if (found !== undefined) return { ...rest, documents: found, isTexts };
    const path = [isTexts ? 'texts' : 'documents'];
    context.addIssue({ code: 'custom', message: documentsError, path, input: given });
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
