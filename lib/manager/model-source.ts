import type { TokenSink, TokenStream } from '../api/token-sink.js';
import type { ChatMessage, ModelInfo, QueueStatus } from '../api/types.js';
import type { Work, WorkScheduling } from '../api/work.js';
import type { ModelFormat } from '../models/registry.js';
import type { OnnxModel } from '../onnx/onnx-model.js';
import type { NativeStatistics } from '../native-statistics-types.js';
import type { NativeEmbeddings, NativeGenerationRequest } from '../native-types.js';

/** What a model can be asked for. */
export type ModelCapability = 'completion' | 'chat' | 'embeddings' | 'rerank' | 'classify' | 'infer';

/** How inputs of an encoder are read. */
export interface EncodingOptions {
  /** What is too long is cut instead of refused. */
  readonly truncate?: boolean | undefined;
  readonly scheduling?: WorkScheduling | undefined;
}

/** How relevant each document is to the query, in the order of the documents. */
export interface Relevances {
  readonly scores: Float32Array;
  readonly tokens: number;
}

/** What classes each input is of: by class, in the order of `labels`. */
export interface Classifications {
  readonly labels: readonly string[];
  /** Probabilities unless raw ones were asked for. */
  readonly scores: readonly Float32Array[];
  readonly tokens: number;
}

export interface ScoringOptions extends EncodingOptions {
  /** As the model gives them, not made probabilities. */
  readonly raw?: boolean | undefined;
}

/** A model as a graph: tensors by the names that it has for them. */
export type TensorGraph = Pick<OnnxModel, 'inputs' | 'outputs' | 'run'>;

/** What the server needs of a loaded model. */
export interface ServableModel {
  readonly info: ModelInfo;
  /** Default: gguf. */
  readonly format?: ModelFormat;
  /** Default: text, and embeddings if `info` says so. */
  readonly capabilities?: readonly ModelCapability[];
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
  startEmbedding?(
    inputs: readonly (string | Int32Array)[],
    normalize: boolean,
    options?: EncodingOptions,
  ): Work<NativeEmbeddings>;
  /** Without it, the model cannot say how relevant texts are to another. */
  startRerank?(query: string, documents: readonly string[], options: ScoringOptions): Work<Relevances>;
  /** Without it, the model cannot classify. */
  startClassification?(inputs: readonly string[], options: ScoringOptions): Work<Classifications>;
  /** Without it, the model takes no tensors. */
  readonly graph?: TensorGraph;
  /** What its engines timed, of each replica; without it, only requests are timed. */
  phaseStatistics?(): readonly NativeStatistics[];
  /** Cheap; asked for at most every 50 ms and model. */
  queueStatus(): QueueStatus;
  /** Bytes it holds now. Without it, what the source estimated counts. */
  memoryBytes?(): number;
  /** Frees all of it. */
  unload?(): Promise<void>;
}

/** What the loading of a model may give; a graph alone is made servable. */
export type AnyLoadedModel = ServableModel | OnnxModel;

/** What a model can be asked for; text is what the first engine's models are for. */
export function capabilitiesOf({ capabilities, info }: ServableModel): readonly ModelCapability[] {
  return capabilities ?? ['completion', 'chat', ...(info.supportsEmbeddings ? (['embeddings'] as const) : [])];
}

interface NamedSource {
  /** The name clients use; never a path. */
  readonly id: string;
  readonly ownedBy?: string;
  /** Name of its file, without folder, for /props. */
  readonly file?: string;
  /** Of a model that is not loaded yet; default gguf. */
  readonly format?: ModelFormat;
}

/** A model that its owner has loaded or is loading, and that only its owner unloads. */
export interface LoadedModelSource extends NamedSource {
  readonly model: AnyLoadedModel | Promise<AnyLoadedModel>;
  /** Of the loading, 0 to 1; shown by /health/ready. */
  readonly progress?: () => number;
}

/** A model that the server loads when it is needed and unloads when it is idle or in the way. */
export interface LoadableModelSource extends NamedSource {
  /** Called again after each unloading or failure. Rejects when `signal` aborts. `onProgress` takes 0 to 1. */
  load(signal: AbortSignal, onProgress: (fraction: number) => void): Promise<AnyLoadedModel>;
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
