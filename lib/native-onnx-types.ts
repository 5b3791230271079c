/** The part of the addon's contract that runs ONNX models. */
import type { NativeStatistics } from './native-statistics-types.js';
import type { NativeGenerationProfile } from './native-types.js';

/** In the order of their numbers in native/onnx/element_type.h, which start at 1. */
export const elementTypes = [
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'uint4',
  'int4',
  'float4e2m1',
] as const;

export type ElementType = (typeof elementTypes)[number];

export interface NativeOnnxValueInfo {
  readonly name: string;
  readonly kind: 'tensor' | 'sequence' | 'map' | 'optional' | 'sparse tensor' | 'unknown';
  /** Of the tensor, of the tensors in a sequence, of a map's values, of what an optional holds. */
  readonly type: ElementType | 'undefined';
  /** A number where the graph fixes it, else the dimension's name, null when it has none. */
  readonly dims: readonly (number | string | null)[];
  /** It may be left out of the feeds: the graph has a value for it. */
  readonly hasDefault: boolean;
}

export interface NativeOnnxProvider {
  readonly name: string;
  readonly options: Readonly<Record<string, string>>;
}

export interface NativeOnnxOptions {
  /** A file; undefined when `bytes` are given. */
  readonly path: string | undefined;
  /** Must not change until the session is open. */
  readonly bytes: Uint8Array | undefined;
  /** In order of preference; empty = cpu, which is always the last. */
  readonly providers: readonly NativeOnnxProvider[];
  readonly optimization: 'none' | 'basic' | 'extended' | 'all';
  /** Threads of this session alone; 0 = the pool that all sessions share. */
  readonly threads: number;
  /** Entries of ONNX Runtime's session configuration. */
  readonly config: Readonly<Record<string, string>>;
  /** Sizes for open dimensions, by name. */
  readonly freeDimensions: Readonly<Record<string, number>>;
}

/** What carries a tensor's elements: a typed array, or the texts of a tensor of strings. */
export type NativeTensorData = NodeJS.TypedArray | readonly string[];

/** An ArrayBuffer, texts, or undefined for an output whose memory the caller gave. */
export type NativeOutputData = ArrayBuffer | readonly string[] | undefined;

/** What the graph does not have of what a call named; every fault of the call is then in one error. */
export interface NativeUnknownNames {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

export interface NativeOnnxQueueStatus {
  readonly queued: number;
  readonly running: number;
  readonly finished: number;
  readonly cancelled: number;
  readonly expired: number;
  /** Runs that took microseconds, on the thread that asked for them. */
  readonly ranInline: number;
}

/** Called once for every run that got a number: with its outputs, or with what went wrong. */
export type NativeOnnxSink = (run: number, outputs: readonly NativeOutputData[] | undefined, error: unknown) => void;

export interface NativeOnnxSession {
  inputs(): NativeOnnxValueInfo[];
  outputs(): NativeOnnxValueInfo[];
  metadata(): Record<string, string>;
  /** What the weights take at least: the sizes of the model's files. */
  memoryBytes(): number;
  /** The last runs that ended, newest first, at most 1,000. `prefillUs` is the run. */
  profiles(limit: number): NativeGenerationProfile[];
  /** Phases queue, run and total. */
  statistics(): NativeStatistics;
  queueStatus(): NativeOnnxQueueStatus;
  /**
   * `header` has the numbers of a call, and of its answer whenever outputs are given to somebody;
   * lib/onnx/call-header.ts has the layout. Must be called before the first run.
   */
  setSink(header: Float64Array, onEnd: NativeOnnxSink): void;
  /** Runs on this thread, past the queue. Throws 'invalid_tensor', 'run_failed', … */
  runSync(data: readonly NativeTensorData[], unknown?: NativeUnknownNames): NativeOutputData[];
  /**
   * Outputs when the run was known to take microseconds, nothing waited and it was done at once; else the number that the
   * sink will get. The memory of `data` must be left alone until then. Throws 'invalid_tensor', 'queue_full', …
   *
   * @param tier index into `tiers`
   */
  run(
    data: readonly NativeTensorData[],
    unknown?: NativeUnknownNames,
    tier?: number,
    user?: string,
    deadlineMs?: number,
  ): NativeOutputData[] | number;
  /** The run still ends through the sink, with 'cancelled'. Idempotent; unknown or finished numbers are ignored. */
  cancel(run: number): void;
  /** Batches over this graph; it must take token sequences. Throws 'unsupported_model', 'invalid_argument'. */
  /**
   * `single` is a session of the same graph with one thread: batches then run side by side, one on each core. The batcher
   * holds both, so it may be closed at once.
   */
  createBatcher(
    options: NativeOnnxBatcherOptions,
    onEnd: NativeOnnxBatcherSink,
    single?: NativeOnnxSession,
  ): NativeOnnxBatcher;
  /** Ends all runs (code 'cancelled'), joins the threads, frees all memory that no batcher needs. Idempotent. */
  close(): Promise<void>;
}

export interface NativeOnnxBatcherOptions {
  /** Sequences of one run at most. */
  readonly maxBatch: number;
  /** Sequences times the longest of them, padding included. */
  readonly maxTokens: number;
  /** Tokens of one sequence; longer ones end with 'context_length_exceeded'. */
  readonly maxLength: number;
  /** Part of a run's tokens that may be padding, 0 to 1. */
  readonly maxPadding: number;
  /** Under load a run waits at most that long for sequences that are about to come; alone it never waits. */
  readonly maxWindowMs: number;
  readonly padId: number;
  /** Sequences that may wait. */
  readonly capacity: number;
  /** Name of the output; empty = sentence_embedding, last_hidden_state, token_embeddings, logits, or the first. */
  readonly output: string;
  /** How rows of tokens become one; 'none': what the graph gives for the sequence's own tokens. */
  readonly pooling: 'mean' | 'cls' | 'last' | 'none';
  readonly normalize: boolean;
  /** The first ones only (matryoshka); 0 = all. */
  readonly dimensions: number;
}

export interface NativeOnnxBatcherStatus {
  readonly queued: number;
  readonly running: number;
  readonly batches: number;
  /** In them. */
  readonly sequences: number;
  readonly tokens: number;
  readonly paddedTokens: number;
  readonly cancelled: number;
  readonly expired: number;
}

/**
 * Everything that has ended since the last call. `numbers` has three for each sequence: its number, where its values lie, and
 * how many they are, -1 for one that failed, whose error is the next one of `errors`.
 */
export type NativeOnnxBatcherSink = (numbers: Float64Array, values: Float32Array, errors: readonly unknown[]) => void;

export interface NativeOnnxBatcher {
  /**
   * Sequences that come together: the first one's number comes back, the others have those behind it. `numbers` has four for
   * each: length, 1 when its types follow its tokens, index into `tiers`, milliseconds to its deadline (0: none).
   */
  submit(tokens: Int32Array, numbers: Float64Array, users: readonly (string | undefined)[] | undefined): number;
  /** It still ends through the sink, with 'cancelled'. Idempotent; unknown or finished numbers are ignored. */
  cancel(sequence: number): void;
  status(): NativeOnnxBatcherStatus;
  /** The last sequences that ended, newest first, at most 1,000. `prefillUs` is the run of their batch. */
  profiles(limit: number): NativeGenerationProfile[];
  /** Phases queue, run and total. */
  statistics(): NativeStatistics;
  /** Tokens of one sequence: `maxLength`, or less when the graph fixes less. */
  maxLength(): number;
  /** Ends everything (code 'cancelled') and joins the thread. Idempotent. */
  close(): Promise<void>;
}

export interface NativeOnnxOpenHandle {
  readonly promise: Promise<NativeOnnxSession>;
  /** The promise then rejects with code 'cancelled'. Idempotent. */
  cancel(): void;
}

export interface NativeOnnxRuntimeInfo {
  readonly version: string;
  /** Execution providers that this library was built with. */
  readonly providers: readonly string[];
}

export interface NativeOnnxAddon {
  /** Rejects with 'backend_missing', 'invalid_model_file', 'provider_missing', … */
  openOnnxSession(options: NativeOnnxOptions): NativeOnnxOpenHandle;
  /** Opens the library if nobody did yet; throws 'backend_missing'. */
  onnxRuntimeInfo(): NativeOnnxRuntimeInfo;
}
