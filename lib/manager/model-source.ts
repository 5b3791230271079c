import type { TokenSink, TokenStream } from '../api/token-sink.js';
import type { ChatMessage, ModelInfo, QueueStatus } from '../api/types.js';
import type { NativeStatistics } from '../native-statistics-types.js';
import type { NativeEmbeddingHandle, NativeGenerationRequest } from '../native-types.js';

/** What the server needs of a loaded model. */
export interface ServableModel {
  readonly info: ModelInfo;
  submit(request: NativeGenerationRequest, sink: TokenSink): TokenStream;
  detokenize(tokens: Int32Array): string;
  /** Without these two, the model has no /tokenize. */
  tokenize?(text: string, options: { readonly addSpecial: boolean; readonly parseSpecial: boolean }): Int32Array;
  tokenBytes?(tokens: Int32Array): Uint8Array[];
  /** Without it, the model has no /apply-template. */
  renderChat?(
    messages: readonly ChatMessage[],
    options: {
      readonly tools?: readonly unknown[];
      readonly addGenerationPrompt: boolean;
      readonly templateArguments?: Readonly<Record<string, unknown>>;
    },
  ): string;
  /** Without it, the model has no embeddings. */
  startEmbedding?(inputs: readonly (string | Int32Array)[], normalize: boolean): NativeEmbeddingHandle;
  /** What its engines timed, of each replica; without it, only requests are timed. */
  phaseStatistics?(): readonly NativeStatistics[];
  /** Cheap; asked for at most every 50 ms and model. */
  queueStatus(): QueueStatus;
  /** Bytes it holds now. Without it, what the source estimated counts. */
  memoryBytes?(): number;
  /** Frees all of it. */
  unload?(): Promise<void>;
}

interface NamedSource {
  /** The name clients use; never a path. */
  readonly id: string;
  readonly ownedBy?: string;
  /** Name of its file, without folder, for /props. */
  readonly file?: string;
}

/** A model that its owner has loaded or is loading, and that only its owner unloads. */
export interface LoadedModelSource extends NamedSource {
  readonly model: ServableModel | Promise<ServableModel>;
  /** Of the loading, 0 to 1; shown by /health/ready. */
  readonly progress?: () => number;
}

/** A model that the server loads when it is needed and unloads when it is idle or in the way. */
export interface LoadableModelSource extends NamedSource {
  /** Called again after each unloading or failure. Rejects when `signal` aborts. `onProgress` takes 0 to 1. */
  load(signal: AbortSignal, onProgress: (fraction: number) => void): Promise<ServableModel>;
  /** Default: the model's own `unload`. */
  unload?(model: ServableModel): Promise<void>;
  /** Bytes it will take. Asked once before the first loading; what was measured then counts from there on. */
  estimateBytes?(): number | Promise<number>;
  /** Load it when the server starts; /health/ready waits for it. Default false: at the first request. */
  readonly loadAtStart?: boolean;
  /** Never unload it of the server's own accord. Default false. */
  readonly pinned?: boolean;
  /** Unload it when it was not used for this long; default 0: never for that reason. */
  readonly ttlSeconds?: number;
}

/** A model to serve. */
export type ModelSource = LoadedModelSource | LoadableModelSource;

export function isLoadable(source: ModelSource): source is LoadableModelSource {
  return 'load' in source;
}

/** A loaded model with the names answers carry. Ask for it anew for each request: it may be another one by then. */
export interface ServedModel {
  readonly id: string;
  readonly model: ServableModel;
  readonly fingerprint: string;
  /** A generation was submitted; the model stays until {@link ServedModel.end} was called as often. */
  begin(): void;
  /** A generation has ended. */
  end(): void;
}
