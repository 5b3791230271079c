/** What `rerank` and `classify` do in every kind of model, around what starts its work. */
import type { ServableModel } from '../manager/model-source.js';
import { unlessAborted } from './abort.js';
import { readRerank, readTexts } from './encoder-options.js';
import type { ClassifyOptions, RerankOptions } from './encoder-options.js';
import { classScores, rankedDocuments } from './scores.js';
import type { ClassScore, RankedDocument } from './scores.js';

export type StartEmbedding = NonNullable<ServableModel['startEmbedding']>;
export type StartRerank = NonNullable<ServableModel['startRerank']>;
export type StartClassification = NonNullable<ServableModel['startClassification']>;

export async function rerankWith(
  start: StartRerank,
  query: string,
  documents: readonly string[],
  options: RerankOptions | undefined,
): Promise<RankedDocument[]> {
  const { signal, topN, scoring } = readRerank(query, documents, options);
  signal?.throwIfAborted();
  if (documents.length === 0) return [];
  const { promise, cancel } = start(query, documents, scoring);
  const { scores } = await unlessAborted(promise, signal, cancel);
  return rankedDocuments(scores, topN);
}

export async function classifyWith(
  start: StartClassification,
  input: string | readonly string[],
  options: ClassifyOptions | undefined,
): Promise<ClassScore[] | ClassScore[][]> {
  const { inputs, signal, topK, scoring } = readTexts(input, options);
  signal?.throwIfAborted();
  if (inputs.length === 0) return [];
  const { promise, cancel } = start(inputs, scoring);
  const { labels, scores } = await unlessAborted(promise, signal, cancel);
  const classes = scores.map((row) => classScores(row, labels, topK));
  return typeof input === 'string' ? (classes[0] ?? []) : classes;
}
