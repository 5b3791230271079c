import { stat } from 'node:fs/promises';
import { freemem } from 'node:os';
import { inspectModelFile } from '../api/inspect-model-file.js';
import type { LoadModelOptions } from '../api/types.js';
import { readGguf } from '../gguf/reader.js';
import type { GgufFile } from '../gguf/reader.js';

/** Those of native/llama/capacity.cpp and encoder_context.cpp, which decide at loading. */
const defaults = {
  parallel: 16,
  fewestParallel: 4,
  context: 4096,
  leastContext: 1024,
  batch: 512,
  kvBytes: 4 * 2 ** 30,
  encoderInput: 2048,
  kvShare: 4,
} as const;
/** K and V, 16 bits each. */
const bytesPerCell = 4;
const bytesPerFloat = 4;
/** Narrower heads are computed without flash attention (native/llama/model.cpp), which keeps all scores of a batch. */
const flashHeadSize = 64;

/** The files of a model in several: `-00001-of-00003.gguf` stands for all. */
function partPaths(path: string): string[] {
  const match = /^(?<stem>.*-)(?<first>\d+)-of-(?<count>\d+)\.gguf$/iu.exec(path);
  const { stem, first, count } = match?.groups ?? {};
  if (stem === undefined || first === undefined || count === undefined || Number(count) > 1000) return [path];
  return Array.from({ length: Number(count) }, (_, index) => {
    return `${stem}${String(index + 1).padStart(first.length, '0')}-of-${count}${path.slice(-'.gguf'.length)}`;
  });
}

async function weightBytes(path: string): Promise<number> {
  const sizes = partPaths(path).map((part) =>
    stat(part).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** Of a list with a number per layer, the largest. */
function numberIn(file: GgufFile, key: string): number | undefined {
  const entry = file.metadata.get(key)?.decode();
  const value = entry?.type === 'array' ? Math.max(...Array.from(entry.value, Number)) : Number(entry?.value);
  return Number.isFinite(value) && value > 0 ? value : undefined;
}

interface Attention {
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
}

function attentionOf(file: GgufFile, architecture: string): Attention {
  const of = (key: string): number | undefined => numberIn(file, `${architecture}.${key}`);
  const heads = of('attention.head_count') ?? 1;
  return {
    layers: of('block_count') ?? 0,
    heads,
    kvHeads: of('attention.head_count_kv') ?? heads,
    headSize: of('attention.key_length') ?? (of('embedding_length') ?? 0) / heads,
  };
}

/** As native/llama/encoder_traits.cpp has it: nothing of it is kept from step to step. */
function isEncoder(file: GgufFile, architecture: string): boolean {
  const causal = file.metadata.get(`${architecture}.attention.causal`)?.decode();
  return numberIn(file, `${architecture}.pooling_type`) !== undefined || causal?.value === false;
}

interface Capacity {
  readonly contextSize: number;
  readonly parallel: number;
}

/** What was not asked for is made smaller by the engine until it takes its share of the free memory. */
function capacityOf(options: LoadModelOptions, trainedSize: number, kvBytesPerToken: number): Capacity {
  const trained = trainedSize > 0 ? trainedSize : defaults.context;
  let contextSize = options.contextSize ?? Math.min(trained, defaults.context);
  let parallel = options.parallel ?? defaults.parallel;
  const budget = Math.min(defaults.kvBytes, freemem() / defaults.kvShare);
  const isTooMuch = (): boolean => kvBytesPerToken * contextSize * parallel > budget;
  if (options.parallel === undefined) while (isTooMuch() && parallel > defaults.fewestParallel) parallel /= 2;
  if (options.contextSize === undefined) while (isTooMuch() && contextSize > defaults.leastContext) contextSize /= 2;
  if (options.parallel === undefined) while (isTooMuch() && parallel > 1) parallel /= 2;
  return { contextSize, parallel };
}

/** Logits, attention mask and scores of a full batch: what the compute buffers mostly hold. */
function computeBytes(attention: Attention, batchSize: number, contextSize: number, vocabularySize: number): number {
  const scores = attention.headSize < flashHeadSize ? attention.heads : 0;
  return batchSize * bytesPerFloat * (vocabularySize + contextSize * (1 + scores));
}

/** Besides the weights. */
function encoderBytes(attention: Attention, trainedSize: number, options: LoadModelOptions): number {
  const trained = trainedSize > 0 ? trainedSize : defaults.encoderInput;
  const contextSize = Math.min(options.contextSize ?? defaults.encoderInput, trained);
  const batchSize = Math.max(options.batchSize ?? defaults.batch, contextSize);
  return computeBytes(attention, batchSize, batchSize, 0);
}

/** Of one file, loaded with these options. */
async function fileBytes(path: string, options: LoadModelOptions): Promise<number> {
  const weights = await weightBytes(path);
  try {
    // The native check first: it is built for hostile files.
    const { architecture, contextLength, vocabularySize } = await inspectModelFile(path);
    const file = await readGguf(path);
    const attention = attentionOf(file, architecture);
    if (isEncoder(file, architecture)) return Math.round(weights + encoderBytes(attention, contextLength, options));
    const perToken = attention.layers * attention.kvHeads * attention.headSize * bytesPerCell;
    const { contextSize, parallel } = capacityOf(options, contextLength, perToken);
    const batchSize = Math.min(options.batchSize ?? defaults.batch, contextSize * parallel);
    const compute = computeBytes(attention, batchSize, contextSize, vocabularySize);
    return Math.round(weights + perToken * contextSize * parallel + compute);
  } catch {
    return weights;
  }
}

/**
 * Bytes that loading a GGUF file will take: weights, KV cache and compute buffers, of the draft model too. The weights
 * alone when the header cannot be read: then loading says why.
 */
export async function estimateMemoryBytes(path: string, options: LoadModelOptions = {}): Promise<number> {
  const { speculation } = options;
  const draft = typeof speculation === 'object' ? speculation.draftModel : undefined;
  const bytes = await fileBytes(path, options);
  return draft === undefined ? bytes : bytes + (await fileBytes(draft, options));
}
