import { constantWeights, randomWeights } from './random-weights.js';
import type { WeightType } from './random-weights.js';
import { readGguf } from './reader.js';
import type { GgufFile } from './reader.js';
import type { ModelShape } from './shapes.js';
import type { GgufTensor } from './writer.js';
import { writeGguf } from './writer.js';
import type { GgufContent } from './writer.js';

export interface SyntheticModel {
  readonly shape: ModelShape;
  /** GGUF file whose `tokenizer.*` keys become the model's, byte for byte. */
  readonly vocabularyPath: string;
  /** Of the matrices; vectors are F32, as llama.cpp's own converter writes them. Default 'F16'. */
  readonly type?: WeightType;
  /** Integer; default 1. The same seed gives the same file. */
  readonly seed?: number;
  /** `general.name`; default: made from the shape. */
  readonly name?: string;
}

/** Standard deviation of the logits: wide enough that the best token is rarely a near tie with the next one. */
const logitDeviation = 4;
const biasDeviation = 0.1;
const fileTypes: Record<WeightType, number> = { F32: 0, F16: 1, BF16: 32 };

function vocabularySizeOf(vocabulary: GgufFile, path: string): number {
  const tokens = vocabulary.metadata.get('tokenizer.ggml.tokens')?.decode();
  if (tokens?.type !== 'array') throw new RangeError(`There is no vocabulary in ${path}.`);
  return tokens.value.length;
}

function metadataOf(model: SyntheticModel, vocabulary: GgufFile, vocabularySize: number): GgufContent['metadata'] {
  const { shape, type = 'F16' } = model;
  const { architecture } = shape;
  const uint32 = (key: string, value: number) => [key, { type: 'uint32', value }] as const;
  const float32 = (key: string, value: number) => [key, { type: 'float32', value }] as const;
  const name = model.name ?? `synthetic ${architecture} ${String(shape.embeddingLength)}x${String(shape.layers)}`;
  return [
    ['general.architecture', { type: 'string', value: architecture }],
    ['general.type', { type: 'string', value: 'model' }],
    ['general.name', { type: 'string', value: name }],
    uint32('general.file_type', fileTypes[type]),
    uint32('general.quantization_version', 2),
    uint32(`${architecture}.vocab_size`, vocabularySize),
    uint32(`${architecture}.context_length`, shape.contextLength),
    uint32(`${architecture}.embedding_length`, shape.embeddingLength),
    uint32(`${architecture}.block_count`, shape.layers),
    uint32(`${architecture}.feed_forward_length`, shape.feedForwardLength),
    uint32(`${architecture}.rope.dimension_count`, shape.embeddingLength / shape.heads),
    uint32(`${architecture}.attention.head_count`, shape.heads),
    uint32(`${architecture}.attention.head_count_kv`, shape.kvHeads),
    float32(`${architecture}.attention.layer_norm_rms_epsilon`, shape.rmsEpsilon),
    float32(`${architecture}.rope.freq_base`, shape.ropeFrequencyBase),
    ...[...vocabulary.metadata]
      .filter(([key]) => key.startsWith('tokenizer.'))
      .map(([key, entry]) => [key, entry.verbatim] as const),
  ];
}

/** Makes the tensors of one model: which there are, how large, how their weights are spread. */
class TensorPlan {
  readonly tensors: GgufTensor[] = [];
  readonly #type: WeightType;
  readonly #seed: number;

  constructor(type: WeightType, seed: number) {
    this.#type = type;
    this.#seed = seed;
  }

  matrix(name: string, rowLength: number, rows: number, deviation: number): void {
    const type = this.#type;
    const seed = this.#seed;
    const data = () => randomWeights(type, rowLength * rows, deviation, seed, name);
    this.tensors.push({ name, type, dimensions: [rowLength, rows], data });
  }

  bias(name: string, length: number): void {
    const seed = this.#seed;
    const data = () => randomWeights('F32', length, biasDeviation, seed, name);
    this.tensors.push({ name, type: 'F32', dimensions: [length], data });
  }

  norm(name: string, length: number): void {
    this.tensors.push({ name, type: 'F32', dimensions: [length], data: constantWeights(length, 1) });
  }
}

function addLayer(plan: TensorPlan, shape: ModelShape, layer: number): void {
  const { embeddingLength: width, feedForwardLength: inner, kvHeads, heads, layers } = shape;
  const kvWidth = (width / heads) * kvHeads;
  const block = `blk.${String(layer)}`;
  // Normed input times weights of deviation 1/√n has variance 1; the sums into the residual stream add up over all layers.
  const into = 1 / Math.sqrt(2 * layers);
  plan.norm(`${block}.attn_norm.weight`, width);
  for (const [part, size] of Object.entries({ q: width, k: kvWidth, v: kvWidth })) {
    plan.matrix(`${block}.attn_${part}.weight`, width, size, 1 / Math.sqrt(width));
    if (shape.architecture === 'qwen2') plan.bias(`${block}.attn_${part}.bias`, size);
  }
  plan.matrix(`${block}.attn_output.weight`, width, width, into / Math.sqrt(width));
  plan.norm(`${block}.ffn_norm.weight`, width);
  plan.matrix(`${block}.ffn_gate.weight`, width, inner, 1 / Math.sqrt(width));
  plan.matrix(`${block}.ffn_up.weight`, width, inner, 1 / Math.sqrt(width));
  // silu(gate) * up has a variance of about 0.36, so the deviation is raised to keep the sum's at 1.
  plan.matrix(`${block}.ffn_down.weight`, inner, width, into / (0.6 * Math.sqrt(inner)));
}

function checkShape({ embeddingLength, heads, kvHeads }: ModelShape): void {
  if (embeddingLength % heads !== 0 || (embeddingLength / heads) % 2 !== 0 || heads % kvHeads !== 0) {
    const numbers = `${String(embeddingLength)}, ${String(heads)} and ${String(kvHeads)}`;
    throw new RangeError(`Expected an embedding length, heads and kv heads that divide but received ${numbers}.`);
  }
}

function tensorsOf(model: SyntheticModel, vocabularySize: number): readonly GgufTensor[] {
  const { shape, type = 'F16', seed = 1 } = model;
  const width = shape.embeddingLength;
  const plan = new TensorPlan(type, seed);
  const output = logitDeviation / Math.sqrt(width);
  plan.matrix('token_embd.weight', width, vocabularySize, shape.tiedEmbeddings ? output : 1);
  for (let layer = 0; layer < shape.layers; layer++) addLayer(plan, shape, layer);
  plan.norm('output_norm.weight', width);
  if (!shape.tiedEmbeddings) plan.matrix('output.weight', width, vocabularySize, output);
  return plan.tensors;
}

/**
 * Writes a model with random weights: it says nothing sensible, but computes what a trained model of its shape computes,
 * with a real vocabulary.
 *
 * @throws RangeError when the shape's numbers do not divide or the vocabulary file has no vocabulary.
 */
export async function writeSyntheticModel(path: string, model: SyntheticModel): Promise<void> {
  checkShape(model.shape);
  const vocabulary = await readGguf(model.vocabularyPath);
  const vocabularySize = vocabularySizeOf(vocabulary, model.vocabularyPath);
  await writeGguf(path, {
    metadata: metadataOf(model, vocabulary, vocabularySize),
    tensors: tensorsOf(model, vocabularySize),
  });
}
