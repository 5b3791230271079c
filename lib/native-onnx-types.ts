/** The part of the addon's contract that runs ONNX models. */

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

export interface NativeOnnxRun {
  /** Rejects with 'invalid_tensor', 'run_failed', 'cancelled', … `header` is laid out as after `runSync`. */
  readonly promise: Promise<{ readonly data: readonly NativeOutputData[]; readonly header: Float64Array }>;
  /** Ends the run after its present node. Idempotent. */
  cancel(): void;
}

export interface NativeOnnxSession {
  inputs(): NativeOnnxValueInfo[];
  outputs(): NativeOnnxValueInfo[];
  metadata(): Record<string, string>;
  /** What the weights take at least: the sizes of the model's files. */
  memoryBytes(): number;
  /** The numbers of a call and of its answer; lib/onnx/call-header.ts has the layout. */
  setHeader(header: Float64Array): void;
  /** Runs on this thread. */
  runSync(data: readonly NativeTensorData[]): NativeOutputData[];
  run(data: readonly NativeTensorData[]): NativeOnnxRun;
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
