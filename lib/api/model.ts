import { callNative, CallerTrace, expected, InfernoError } from '../errors.js';
import type { ModelCapability } from '../manager/model-source.js';
import type { NativeGenerationRequest, NativeModel, NativeModelStats } from '../native-types.js';
import { unlessAborted } from './abort.js';
import { asyncDispose } from './dispose-symbol.js';
import { Generation } from './generation.js';
import { OptionReader } from './option-reader.js';
import { chatRequest, completionRequest, messagesToJson, readTokens } from './request.js';
import type { CheckedRequest } from './request.js';
import { classifyWith, rerankWith } from './encoder-calls.js';
import type { StartClassification, StartEmbedding, StartRerank } from './encoder-calls.js';
import { readEncoding } from './encoder-options.js';
import type { ClassifyOptions, EmbedOptions, RerankOptions } from './encoder-options.js';
import { modelCapabilities, startClassification, startEmbedding, startRerank } from './model-encoding.js';
import { normalized, shortened } from './scores.js';
import type { ClassScore, RankedDocument } from './scores.js';
import type { ReplicaSet } from './replica-set.js';
import type { TokenSink, TokenStream } from './token-sink.js';
import { statisticsWindows } from '../native-statistics-types.js';
import type { NativeStatistics, StatisticsWindow } from '../native-statistics-types.js';
import type {
  ChatMessage,
  ChatOptions,
  GenerationOptions,
  GenerationProfile,
  ModelInfo,
  PhaseSummary,
  QueueStatus,
} from './types.js';

/** Counters of a model, read without stopping it. */
export type ModelStats = NativeModelStats;

export interface TokenizeOptions {
  /** Add the BOS and EOS tokens the model asks for. Default false. */
  readonly addSpecial?: boolean;
  /** Read control tokens such as `<|end|>` from the text instead of spelling them out. Default false. */
  readonly parseSpecial?: boolean;
}

export interface DetokenizeOptions {
  /** Leave out the BOS and EOS tokens that the model's tokenizer would add. Default false. */
  readonly removeSpecial?: boolean;
  /** Write control tokens as text. Default true. */
  readonly unparseSpecial?: boolean;
}

export interface RenderChatOptions {
  /** OpenAI's `tools` array. */
  readonly tools?: readonly unknown[];
  /** End with the beginning of the assistant's turn. Default true. */
  readonly addGenerationPrompt?: boolean;
  /** Variables of the template, such as `enable_thinking`, as in {@link ChatOptions}. */
  readonly templateArguments?: Readonly<Record<string, unknown>>;
}

/**
 * A loaded model, made by `loadModel`. Any number of generations may run at once; the engine batches them.
 *
 * Every method throws an `InfernoError` `model_unloaded` after {@link Model.unload} was called; `info` stays. A model does
 * not keep the process alive while nothing runs, and one that is not referenced any more unloads itself.
 */
export class Model {
  readonly info: ModelInfo;
  readonly #native: NativeModel;
  readonly #replicas: ReplicaSet;
  #unloaded: Promise<void> | undefined;
  /** @internal The layers under the methods below, which the server uses; absent for what the model is not for. */
  readonly startEmbedding?: StartEmbedding;
  /** @internal */
  readonly startRerank?: StartRerank;
  /** @internal */
  readonly startClassification?: StartClassification;

  /** @internal Use `loadModel`. */
  constructor(replicas: ReplicaSet) {
    this.#replicas = replicas;
    this.#native = replicas.native;
    this.info = Object.freeze(this.#native.info());
    const { supportsEmbeddings, supportsRanking, supportsClassification, classLabels } = this.info;
    const loaded = (): NativeModel => {
      this.#requireLoaded();
      return this.#native;
    };
    if (supportsEmbeddings) this.startEmbedding = (...call) => startEmbedding(loaded(), ...call);
    if (supportsRanking) this.startRerank = (...call) => startRerank(loaded(), ...call);
    if (supportsClassification)
      this.startClassification = (...call) => startClassification(loaded(), classLabels, ...call);
  }

  /** @internal */
  get capabilities(): readonly ModelCapability[] {
    return modelCapabilities(this.info);
  }

  /**
   * Answers a conversation, rendered with the model's own chat template.
   *
   * @example
   * ```ts
   * for await (const part of model.chat([{ role: 'user', content: 'Hello!' }])) process.stdout.write(part.text);
   * ```
   * @throws TypeError or RangeError, naming everything that is wrong with the messages and options.
   */
  chat(messages: readonly ChatMessage[], options?: ChatOptions): Generation {
    this.#requireLoaded();
    return this.#generate(chatRequest(messages, options), new CallerTrace());
  }

  /**
   * Continues a text or a list of token ids. A text is tokenized with the special tokens the model wants at its start,
   * and control tokens in it are read as such; token ids are taken as they are.
   *
   * @example
   * ```ts
   * const { text } = await model.complete('Once upon a time', { maxTokens: 64 });
   * ```
   * @throws TypeError or RangeError, naming everything that is wrong with the prompt and options.
   */
  complete(prompt: string | Int32Array | readonly number[], options?: GenerationOptions): Generation {
    this.#requireLoaded();
    return this.#generate(completionRequest(prompt, options), new CallerTrace());
  }

  /** Token ids of a text, as a text inside a prompt is tokenized: without special tokens unless asked for. */
  tokenize(text: string, options?: TokenizeOptions): Int32Array {
    this.#requireLoaded();
    if (typeof text !== 'string') throw new TypeError(expected('a string', 'text', text));
    const reader = new OptionReader(options, ['addSpecial', 'parseSpecial']);
    const addSpecial = reader.boolean('addSpecial', false);
    const parseSpecial = reader.boolean('parseSpecial', false);
    reader.faults.throwIfAny();
    return callNative(() => this.#native.tokenize(text, addSpecial, parseSpecial));
  }

  /** Text of token ids, control tokens included unless told otherwise. */
  detokenize(tokens: Int32Array | readonly number[], options?: DetokenizeOptions): string {
    this.#requireLoaded();
    const reader = new OptionReader(options, ['removeSpecial', 'unparseSpecial']);
    const removeSpecial = reader.boolean('removeSpecial', false);
    const unparseSpecial = reader.boolean('unparseSpecial', true);
    const ids = readTokens(tokens, 'tokens', reader.faults);
    reader.faults.throwIfAny();
    return callNative(() => this.#native.detokenize(ids, removeSpecial, unparseSpecial));
  }

  /** What each token stands for by itself: UTF-8, of which one token may hold a part only. Control tokens give their names. */
  tokenBytes(tokens: Int32Array | readonly number[]): Uint8Array[] {
    this.#requireLoaded();
    const reader = new OptionReader(undefined, []);
    const ids = readTokens(tokens, 'tokens', reader.faults);
    reader.faults.throwIfAny();
    return callNative(() => this.#native.tokenBytes(ids));
  }

  /**
   * The prompt that {@link Model.chat} would give to the model.
   *
   * @throws InfernoError `invalid_chat_template` when the template refuses the messages.
   */
  renderChat(messages: readonly ChatMessage[], options?: RenderChatOptions): string {
    this.#requireLoaded();
    const reader = new OptionReader(options, ['tools', 'addGenerationPrompt', 'templateArguments']);
    const tools = reader.array('tools') ?? [];
    const addGenerationPrompt = reader.boolean('addGenerationPrompt', true);
    const templateArguments = reader.object('templateArguments') ?? {};
    const json = messagesToJson(messages, reader.faults);
    reader.faults.throwIfAny();
    const toolsJson = tools.length === 0 ? '' : JSON.stringify(tools);
    const argumentsJson = Object.keys(templateArguments).length === 0 ? '' : JSON.stringify(templateArguments);
    return callNative(() => this.#native.renderChat(json, toolsJson, addGenerationPrompt, argumentsJson));
  }

  /**
   * One vector per input, in order; of `info.embeddingLength` floats unless `dimensions` are asked for, and with the pooling
   * 'none' as many for each of its tokens. A text is tokenized with the special tokens that the model wants; token ids are
   * taken as they are. Inputs of all calls are computed together, several in one decode; who shares it may change last bits.
   *
   * @throws InfernoError `embedding_unsupported`, `context_length_exceeded`, `empty_prompt`, `deadline_exceeded`;
   *   `signal.reason` when aborted.
   */
  async embed(input: string | Int32Array, options?: EmbedOptions): Promise<Float32Array>;
  async embed(input: readonly (string | Int32Array)[], options?: EmbedOptions): Promise<Float32Array[]>;
  async embed(
    input: string | Int32Array | readonly (string | Int32Array)[],
    options?: EmbedOptions,
  ): Promise<Float32Array | Float32Array[]> {
    this.#requireLoaded();
    const call = readEncoding(input, options, this.info.embeddingLength);
    const { inputs, normalize, dimensions, signal, encoding } = call;
    signal?.throwIfAborted();
    if (inputs.length === 0) return [];
    // What is cut off was no part of a vector's length.
    const isCut = dimensions !== undefined && dimensions < this.info.embeddingLength;
    const work = startEmbedding(this.#native, inputs, normalize && !isCut, encoding);
    const { embeddings } = await unlessAborted(work.promise, signal, work.cancel);
    const shaped = (vector: Float32Array): Float32Array => {
      const short = shortened(vector, dimensions);
      return normalize ? normalized(short) : short;
    };
    const wanted = isCut ? embeddings.map(shaped) : embeddings;
    return Array.isArray(input) ? wanted : (wanted[0] ?? new Float32Array());
  }

  /**
   * How relevant documents are to a query, best first, by a model that was made for it (`info.supportsRanking`). Documents
   * that are too long are cut.
   *
   * @example
   * ```ts
   * for (const { index, score } of await reranker.rerank('red fruit', ['a banana', 'a cherry'])) console.log(index, score);
   * ```
   * @throws InfernoError `task_unsupported`, `context_length_exceeded`, `deadline_exceeded`; `signal.reason` when aborted.
   */
  async rerank(query: string, documents: readonly string[], options?: RerankOptions): Promise<RankedDocument[]> {
    this.#requireLoaded();
    return rerankWith((...call) => startRerank(this.#native, ...call), query, documents, options);
  }

  /**
   * The classes of each text with their scores, likeliest first, by a model with a classifier
   * (`info.supportsClassification`).
   *
   * @throws InfernoError `task_unsupported`, `context_length_exceeded`, `deadline_exceeded`; `signal.reason` when aborted.
   */
  async classify(input: string, options?: ClassifyOptions): Promise<ClassScore[]>;
  async classify(input: readonly string[], options?: ClassifyOptions): Promise<ClassScore[][]>;
  async classify(input: string | readonly string[], options?: ClassifyOptions): Promise<ClassScore[] | ClassScore[][]> {
    this.#requireLoaded();
    return classifyWith((...call) => startClassification(this.#native, this.info.classLabels, ...call), input, options);
  }

  stats(): ModelStats {
    this.#requireLoaded();
    return this.#replicas.stats();
  }

  /** One consistent look at what waits for this model and runs on it, and at how fast it is served. */
  queueStatus(): QueueStatus {
    this.#requireLoaded();
    return this.#replicas.queueStatus();
  }

  /**
   * The last generations that ended, newest first, at most 1,000 of each replica. Empty when the model was loaded without
   * `profiling`.
   */
  profiles(limit = 100): GenerationProfile[] {
    this.#requireLoaded();
    if (!Number.isSafeInteger(limit) || limit < 1) {
      throw new RangeError(expected('a whole number from 1', 'limit', limit));
    }
    return this.#replicas.profiles(limit);
  }

  /** How long the phases of generations took lately, by tier: '1m', '5m', '1h' or 'all'. */
  statistics(window: StatisticsWindow = '5m'): PhaseSummary[] {
    const [first, ...others] = this.phaseStatistics();
    if (!statisticsWindows.includes(window)) {
      throw new RangeError(expected(`one of ${statisticsWindows.join(', ')}`, 'window', window));
    }
    return first === undefined ? [] : callNative(() => first.summarize(window, others));
  }

  /**
   * The layer under {@link Model.statistics}, which the server uses: that of each replica.
   *
   * @internal
   */
  phaseStatistics(): readonly NativeStatistics[] {
    this.#requireLoaded();
    return this.#replicas.statistics();
  }

  /** Bytes the model holds now: weights, KV cache, compute buffers and cached prefixes. Mapped weights count in full. */
  memoryBytes(): number {
    this.#requireLoaded();
    return this.#replicas.memoryBytes();
  }

  /**
   * The layer under {@link Model.chat} and {@link Model.complete}, which the server uses: events go straight to a sink.
   *
   * @internal
   */
  submit(request: NativeGenerationRequest, sink: TokenSink): TokenStream {
    this.#requireLoaded();
    return this.#replicas.submit(request, sink);
  }

  /** Ends what is running with the reason `cancelled` and frees all memory of the model. Again, it does nothing more. */
  unload(): Promise<void> {
    this.#unloaded ??= this.#replicas.unload();
    return this.#unloaded;
  }

  /** For `await using`: the same as {@link Model.unload}. */
  [asyncDispose](): Promise<void> {
    return this.unload();
  }

  #requireLoaded(): void {
    if (this.#unloaded !== undefined) throw new InfernoError('model_unloaded', 'The model was unloaded.');
  }

  #generate({ request, signal }: CheckedRequest, trace: CallerTrace): Generation {
    return new Generation((sink) => this.submit(request, sink), signal, trace);
  }
}
