import type { ModelInfo, QueueStatus } from '../api/types.js';
import { tiers } from '../native-types.js';
import type { OnnxModelFolder } from './model-folder.js';
import type { OnnxTask } from './model-task.js';
import type { OnnxValueInfo } from './onnx-model.js';

/** Requests that may wait for a graph. */
const queueCapacity = 10_000;

interface InfoSource {
  readonly name: string;
  readonly sizeBytes: number;
  readonly folder?: OnnxModelFolder;
  /** What it is asked for. */
  readonly output?: OnnxValueInfo;
  readonly maxLength?: number;
  readonly vocabularySize?: number;
  readonly task?: OnnxTask;
  readonly pooling?: ModelInfo['pooling'];
  readonly classLabels?: readonly string[];
}

/** In the words of models that generate; what a graph does not have is 0, and -1 for tokens. */
export function graphInfo(source: InfoSource): ModelInfo {
  const { name, sizeBytes, folder, output, maxLength = 0, vocabularySize = 0, task } = source;
  const config = folder?.config;
  const width = output?.dims.at(-1);
  const architecture = config?.model_type ?? config?.architectures?.[0] ?? 'onnx';
  return Object.freeze({
    architecture,
    name,
    description: folder === undefined ? 'ONNX graph' : `${architecture} ONNX`,
    fileType: 'ONNX',
    parameterCount: 0,
    sizeBytes,
    trainContextSize: maxLength,
    contextSize: maxLength,
    parallel: 1,
    batchSize: maxLength,
    embeddingLength: (typeof width === 'number' ? width : config?.hidden_size) ?? 0,
    layerCount: config?.num_hidden_layers ?? 0,
    gpuLayers: { offloaded: 0, total: 0 },
    headCount: config?.num_attention_heads ?? 0,
    vocabularySize,
    bosToken: folder?.bosId ?? -1,
    eosToken: folder?.endIds[0] ?? -1,
    chatTemplate: '',
    supportsGeneration: false,
    supportsEmbeddings: task === 'embed',
    supportsRanking: task === 'rerank',
    supportsClassification: task === 'classify',
    ...(source.pooling === undefined ? {} : { pooling: source.pooling }),
    classLabels: source.classLabels ?? [],
    supportsInfill: false,
  });
}

const noWaits = { mean: 0, p50: 0, p95: 0, p99: 0, max: 0 } as const;
const idleTier = {
  queued: 0,
  running: 0,
  parked: 0,
  queuedTokens: 0,
  oldestMs: 0,
  waitMs: noWaits,
  started: 0,
  tokensServed: 0,
};
const noCache = {
  memoryBytes: 0,
  memoryLimitBytes: 0,
  diskBytes: 0,
  diskLimitBytes: 0,
  entries: 0,
  hits: 0,
  misses: 0,
  tokensReused: 0,
  evicted: 0,
  spilled: 0,
} as const;

/** Of a graph, which runs one batch at a time. */
export function graphQueueStatus({
  queued,
  running,
}: {
  readonly queued: number;
  readonly running: number;
}): QueueStatus {
  return {
    policy: 'priority',
    capacity: queueCapacity,
    queued,
    held: 0,
    running,
    parked: 0,
    byTier: tiers.map((tier) => (tier === 'normal' ? { ...idleTier, queued, running } : idleTier)),
    workers: { busy: Math.min(1, running), limit: 1, total: 1 },
    prefillTokensPerSecond: 0,
    decodeTokensPerSecond: 0,
    tokenLatencyMs: 0,
    drainMs: 0,
    started: 0,
    finished: 0,
    cancelled: 0,
    expired: 0,
    preempted: 0,
    cache: noCache,
  };
}
