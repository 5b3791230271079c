/** The proportions of a llama-like model. */
export interface ModelShape {
  readonly architecture: 'llama' | 'qwen2';
  readonly embeddingLength: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly feedForwardLength: number;
  readonly contextLength: number;
  readonly ropeFrequencyBase: number;
  readonly rmsEpsilon: number;
  /** The output matrix is the token embedding. */
  readonly tiedEmbeddings: boolean;
  /** Vocabulary of llama.cpp's `models/ggml-vocab-NAME.gguf` that such a model has unless another is chosen. */
  readonly vocabulary: string;
}

const small = {
  architecture: 'llama',
  contextLength: 2048,
  ropeFrequencyBase: 10_000,
  rmsEpsilon: 1e-5,
  tiedEmbeddings: false,
  vocabulary: 'llama-spm',
} as const;

/** Shapes by name. The numbers are those of the published models that the names recall. */
export const shapes = {
  /** Nearly no compute: what is measured with it is overhead. */
  nano: { ...small, embeddingLength: 64, layers: 4, heads: 4, kvHeads: 4, feedForwardLength: 192 },
  '15m': {
    ...small,
    embeddingLength: 288,
    layers: 6,
    heads: 6,
    kvHeads: 6,
    feedForwardLength: 768,
    tiedEmbeddings: true,
  },
  '160m': { ...small, embeddingLength: 768, layers: 12, heads: 12, kvHeads: 12, feedForwardLength: 3072 },
  'tinyllama-1.1b': { ...small, embeddingLength: 2048, layers: 22, heads: 32, kvHeads: 4, feedForwardLength: 5632 },
  'qwen2.5-0.5b': {
    architecture: 'qwen2',
    embeddingLength: 896,
    layers: 24,
    heads: 14,
    kvHeads: 2,
    feedForwardLength: 4864,
    contextLength: 32_768,
    ropeFrequencyBase: 1_000_000,
    rmsEpsilon: 1e-6,
    tiedEmbeddings: true,
    vocabulary: 'qwen2',
  },
} as const satisfies Record<string, ModelShape>;

export type ShapeName = keyof typeof shapes;

export function isShapeName(name: string): name is ShapeName {
  return Object.hasOwn(shapes, name);
}
