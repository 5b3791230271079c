import { awaitNative, callNative } from '../errors.js';
import type {
  Classifications,
  EncodingOptions,
  ModelCapability,
  Relevances,
  ScoringOptions,
} from '../manager/model-source.js';
import { tiers } from '../native-types.js';
import type { NativeEmbeddings, NativeEncodingRequest, NativeModel } from '../native-types.js';
import type { ModelInfo } from './types.js';
import type { Work } from './work.js';

const normalTier = tiers.indexOf('normal');

/** What a GGUF model was found to be able to do. */
export function modelCapabilities(info: ModelInfo): readonly ModelCapability[] {
  return [
    ...(info.supportsGeneration ? (['completion', 'chat'] as const) : []),
    ...(info.supportsEmbeddings ? (['embeddings'] as const) : []),
    ...(info.supportsRanking ? (['rerank'] as const) : []),
    ...(info.supportsClassification ? (['classify'] as const) : []),
  ];
}

function started<Result>(
  native: NativeModel,
  request: Pick<NativeEncodingRequest, 'task' | 'inputs'> & Partial<NativeEncodingRequest>,
  { truncate = false, scheduling }: EncodingOptions,
  gather: (rows: Float32Array[], tokens: number) => Result,
): Work<Result> {
  const { tier = normalTier, user = '', deadlineMs = 0 } = scheduling ?? {};
  const defaults = { query: '', normalize: false, raw: false };
  const { promise, cancel } = callNative(() =>
    native.encode({ ...defaults, ...request, truncate, tier, user, deadlineMs }),
  );
  return { promise: awaitNative(promise).then(({ rows, tokens }) => gather(rows, tokens)), cancel };
}

export function startEmbedding(
  native: NativeModel,
  inputs: readonly (string | Int32Array)[],
  normalize: boolean,
  options: EncodingOptions = {},
): Work<NativeEmbeddings> {
  return started(native, { task: 'embed', inputs, normalize }, options, (embeddings, tokens) => ({
    embeddings,
    tokens,
  }));
}

export function startRerank(
  native: NativeModel,
  query: string,
  documents: readonly string[],
  { raw = false, truncate = true, scheduling }: ScoringOptions = {},
): Work<Relevances> {
  const request = { task: 'rank', query, inputs: documents, raw } as const;
  return started(native, request, { truncate, scheduling }, (rows, tokens) => ({
    scores: Float32Array.from(rows, ([score = 0]) => score),
    tokens,
  }));
}

export function startClassification(
  native: NativeModel,
  labels: readonly string[],
  inputs: readonly string[],
  { raw = false, ...options }: ScoringOptions = {},
): Work<Classifications> {
  return started(native, { task: 'classify', inputs, raw }, options, (scores, tokens) => ({ labels, scores, tokens }));
}
