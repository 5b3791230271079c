/** The part of the addon's contract that loads models. */

/** What a checked GGUF header says, before anything is loaded. */
export interface NativeGgufSummary {
  readonly version: number;
  readonly architecture: string;
  readonly name: string;
  readonly tensorCount: number;
  readonly metadataCount: number;
  readonly fileSizeBytes: number;
  /** Sum of the elements of all tensors. */
  readonly parameterCount: number;
  readonly contextLength: number;
  readonly vocabularySize: number;
}

export type NativePooling = 'none' | 'mean' | 'cls' | 'last' | 'rank';

export interface NativeLoadOptions {
  readonly path: string;
  /** Tokens of KV cache of each sequence; 0 = the engine chooses from the model and free memory. */
  readonly contextSize: number;
  /** Sequences decoded at once, 1–64; 0 = the engine chooses. */
  readonly parallel: number;
  /** Tokens of one decode call at most (logical batch); 0 = 512. */
  readonly batchSize: number;
  /** Compute threads; 0 = adaptive. */
  readonly threads: number;
  /** Layers to offload; -1 = all that fit, -2 = all. */
  readonly gpuLayers: number;
  /** Names of the GPUs to use; empty = all; ['none'] = none. */
  readonly devices: readonly string[];
  /** Shares of the GPUs; empty = by their free memory. */
  readonly tensorSplit: readonly number[];
  /** Place of the one GPU that holds everything; -1 = layers are split. */
  readonly mainGpu: number;
  /** Jinja; empty: the file's. */
  readonly chatTemplate: string;
  /** Instead of the file's. */
  readonly pooling: NativePooling | 'auto';
  /** Load only the vocabulary: tokenize, detokenize and renderChat work, generation does not. */
  readonly vocabularyOnly: boolean;
  readonly scheduling: NativeSchedulingOptions;
  readonly cache: NativeCacheOptions;
  readonly speculation: NativeSpeculationOptions;
  /** Measure the phases of generations and keep the last ones. */
  readonly profiling: boolean;
}

/** Where the weights lie, which an engine over loaded weights does not choose. */
export type NativeOffloadOption = 'gpuLayers' | 'devices' | 'tensorSplit' | 'mainGpu';

export interface NativeSchedulingOptions {
  /** 'fifo' turns priorities, fairness, deadlines' lifts and preemption off; expiry and cancel stay. */
  readonly policy: 'priority' | 'fifo';
  /** Requests that may wait; the levels of back-pressure are fractions of it. */
  readonly queueCapacity: number;
  /** Sequences that are always allowed to run, 1 to `parallel`. */
  readonly minWorkers: number;
  /** Mean time between two tokens of a sequence above which fewer run at once; 0 = never fewer. */
  readonly targetLatencyMs: number;
}

export interface NativeCacheOptions {
  /** Of keys and values. */
  readonly type: 'f16' | 'f32';
  /** Host memory for KV prefixes that no sequence holds any more; 0 = none. */
  readonly memoryBytes: number;
  /** Empty: nothing is spilled to disk. */
  readonly directory: string;
  readonly diskBytes: number;
}

export interface NativeSpeculationOptions {
  /** 'auto' drafts by prompt lookup (and with the draft model, if any) while measured step times say that it pays. */
  readonly mode: 'auto' | 'off';
  /** Empty: no draft model. */
  readonly draftModelPath: string;
  /** Tokens drafted for one step at most. */
  readonly maxDraftTokens: number;
}
