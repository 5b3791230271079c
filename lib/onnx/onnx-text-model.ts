import { unlessAborted } from '../api/abort.js';
import { asyncDispose } from '../api/dispose-symbol.js';
import { classifyWith, rerankWith } from '../api/encoder-calls.js';
import type { StartClassification, StartEmbedding, StartRerank } from '../api/encoder-calls.js';
import { readEncoding } from '../api/encoder-options.js';
import type { ClassifyOptions, EmbedOptions, RerankOptions } from '../api/encoder-options.js';
import { Generation } from '../api/generation.js';
import type { DetokenizeOptions, ModelStats, RenderChatOptions, TokenizeOptions } from '../api/model.js';
import { OptionReader } from '../api/option-reader.js';
import { chatRequest, completionRequest, messagesToJson, readTokens } from '../api/request.js';
import type { CheckedRequest } from '../api/request.js';
import { normalized, shortened } from '../api/scores.js';
import type { ClassScore, RankedDocument } from '../api/scores.js';
import type { TokenSink, TokenStream } from '../api/token-sink.js';
import type { ChatMessage, ChatOptions, GenerationOptions, ModelInfo, QueueStatus } from '../api/types.js';
import { CallerTrace, expected, InfernoError } from '../errors.js';
import type { ModelCapability } from '../manager/model-source.js';
import type { NativeStatistics } from '../native-statistics-types.js';
import type { NativeGenerationRequest } from '../native-types.js';
import { graphQueueStatus } from './encoder-info.js';
import { failedStream } from './failed-stream.js';
import type { OnnxTask } from './model-task.js';
import type { OnnxModel } from './onnx-model.js';
import type { SequenceBatcher } from './sequence-batcher.js';
import type { TextEncoder } from './text-encoder.js';
import type { TextGenerator } from './text-generator.js';
import type { TextTokenizer } from './tokenizer.js';

/** What {@link OnnxTextModel} is made of: an encoder or a generator, by its task. */
export interface OnnxTextParts {
  readonly task: OnnxTask;
  readonly info: ModelInfo;
  readonly model: OnnxModel;
  readonly tokenizer: TextTokenizer;
  readonly encoder: TextEncoder | undefined;
  readonly batcher: SequenceBatcher | undefined;
  readonly generator: TextGenerator | undefined;
}

const capabilities: Readonly<Record<OnnxTask, readonly ModelCapability[]>> = {
  embed: ['embeddings', 'infer'],
  rerank: ['rerank', 'infer'],
  classify: ['classify', 'infer'],
  generate: ['completion', 'chat', 'infer'],
};

/**
 * A text model in ONNX, made by `loadOnnxModel`. What it can do is its `task`; the methods of other tasks throw an
 * `InfernoError` `task_unsupported`. Any number of calls may run at once; they are batched.
 *
 * Every method throws an `InfernoError` `model_unloaded` after {@link OnnxTextModel.unload} was called; `info` stays.
 */
export class OnnxTextModel {
  readonly info: ModelInfo;
  readonly task: OnnxTask;
  readonly #parts: OnnxTextParts;
  #unloaded: Promise<void> | undefined;
  /** @internal */
  readonly format = 'onnx';
  /** @internal The layers under the methods below, which the server uses; absent for what the model is not for. */
  readonly startEmbedding?: StartEmbedding;
  /** @internal */
  readonly startRerank?: StartRerank;
  /** @internal */
  readonly startClassification?: StartClassification;

  /** @internal Use `loadOnnxModel`. */
  constructor(parts: OnnxTextParts) {
    this.#parts = parts;
    this.info = parts.info;
    this.task = parts.task;
    const { task, encoder } = parts;
    if (encoder === undefined) return;
    const loaded = (): TextEncoder => {
      this.#requireLoaded();
      return encoder;
    };
    if (task === 'embed') this.startEmbedding = (...call) => loaded().embed(...call);
    if (task === 'rerank') this.startRerank = (...call) => loaded().rerank(...call);
    if (task === 'classify') this.startClassification = (...call) => loaded().classify(...call);
  }

  /** The graph itself, for runs with tensors. */
  get graph(): OnnxModel {
    this.#requireLoaded();
    return this.#parts.model;
  }

  /** @internal */
  get capabilities(): readonly ModelCapability[] {
    return capabilities[this.task];
  }

  /**
   * One vector per text, in order; of `info.embeddingLength` floats unless `dimensions` are asked for. Token ids are taken
   * as they are.
   *
   * @throws InfernoError `context_length_exceeded`, `empty_prompt`, `task_unsupported`; `signal.reason` when aborted.
   */
  async embed(input: string | Int32Array, options?: EmbedOptions): Promise<Float32Array>;
  async embed(input: readonly (string | Int32Array)[], options?: EmbedOptions): Promise<Float32Array[]>;
  async embed(
    input: string | Int32Array | readonly (string | Int32Array)[],
    options?: EmbedOptions,
  ): Promise<Float32Array | Float32Array[]> {
    const start = this.startEmbedding ?? this.#lacks('produce embeddings');
    const { inputs, normalize, dimensions, signal, encoding } = readEncoding(input, options, this.info.embeddingLength);
    signal?.throwIfAborted();
    if (inputs.length === 0) return [];
    const { promise, cancel } = start(inputs, false, encoding);
    const { embeddings } = await unlessAborted(promise, signal, cancel);
    const vectors = embeddings.map((vector) => shortened(vector, dimensions));
    const wanted = normalize ? vectors.map(normalized) : vectors;
    return Array.isArray(input) ? wanted : (wanted[0] ?? new Float32Array());
  }

  /**
   * How relevant documents are to a query, best first. Documents that are too long are cut.
   *
   * @throws InfernoError `task_unsupported`, `context_length_exceeded`; `signal.reason` when aborted.
   */
  async rerank(query: string, documents: readonly string[], options?: RerankOptions): Promise<RankedDocument[]> {
    return rerankWith(this.startRerank ?? this.#lacks('rank documents'), query, documents, options);
  }

  /**
   * The classes of each text with their scores, likeliest first.
   *
   * @throws InfernoError `task_unsupported`, `context_length_exceeded`; `signal.reason` when aborted.
   */
  async classify(input: string, options?: ClassifyOptions): Promise<ClassScore[]>;
  async classify(input: readonly string[], options?: ClassifyOptions): Promise<ClassScore[][]>;
  async classify(input: string | readonly string[], options?: ClassifyOptions): Promise<ClassScore[] | ClassScore[][]> {
    return classifyWith(this.startClassification ?? this.#lacks('classify'), input, options);
  }

  /** Answers a conversation, rendered with the folder's chat template; as `Model.chat`. */
  chat(messages: readonly ChatMessage[], options?: ChatOptions): Generation {
    this.#generator();
    return this.#generate(chatRequest(messages, options), new CallerTrace());
  }

  /** Continues a text or a list of token ids; as `Model.complete`. */
  complete(prompt: string | Int32Array | readonly number[], options?: GenerationOptions): Generation {
    this.#generator();
    return this.#generate(completionRequest(prompt, options), new CallerTrace());
  }

  /** The prompt that {@link OnnxTextModel.chat} would give to the model. */
  renderChat(messages: readonly ChatMessage[], options?: RenderChatOptions): string {
    const reader = new OptionReader(options, ['tools', 'addGenerationPrompt']);
    const tools = reader.array('tools') ?? [];
    if (!reader.boolean('addGenerationPrompt', true)) {
      reader.faults.range(
        'Expected true for addGenerationPrompt: a chat of this model ends with the beginning of an answer.',
      );
    }
    const messagesJson = messagesToJson(messages, reader.faults);
    reader.faults.throwIfAny();
    const settings = completionRequest(new Int32Array(), {}).request;
    const toolsJson = tools.length === 0 ? {} : { toolsJson: JSON.stringify(tools) };
    return this.#generator().renderPrompt({ ...settings, messagesJson, ...toolsJson });
  }

  /** Token ids of a text, as `Model.tokenize`. */
  tokenize(text: string, options?: TokenizeOptions): Int32Array {
    this.#requireLoaded();
    if (typeof text !== 'string') throw new TypeError(expected('a string', 'text', text));
    const reader = new OptionReader(options, ['addSpecial', 'parseSpecial']);
    const [addSpecial, parseSpecial] = [reader.boolean('addSpecial', false), reader.boolean('parseSpecial', false)];
    reader.faults.throwIfAny();
    return this.#parts.tokenizer.tokenize(text, { addSpecial, parseSpecial });
  }

  /** Text of token ids, control tokens included unless told otherwise. */
  detokenize(tokens: Int32Array | readonly number[], options?: Omit<DetokenizeOptions, 'removeSpecial'>): string {
    this.#requireLoaded();
    const reader = new OptionReader(options, ['unparseSpecial']);
    const unparseSpecial = reader.boolean('unparseSpecial', true);
    const ids = readTokens(tokens, 'tokens', reader.faults);
    reader.faults.throwIfAny();
    return this.#parts.tokenizer.detokenize(ids, { unparseSpecial });
  }

  /** What each token stands for by itself, as `Model.tokenBytes`. */
  tokenBytes(tokens: Int32Array | readonly number[]): Uint8Array[] {
    this.#requireLoaded();
    const reader = new OptionReader(undefined, []);
    const ids = readTokens(tokens, 'tokens', reader.faults);
    reader.faults.throwIfAny();
    return this.#parts.tokenizer.tokenBytes(ids);
  }

  /** Counters of a model that generates text. */
  stats(): ModelStats {
    return this.#generator().stats();
  }

  /** One consistent look at what waits for this model and runs on it. */
  queueStatus(): QueueStatus {
    this.#requireLoaded();
    const { generator, batcher, model } = this.#parts;
    return generator?.queueStatus() ?? graphQueueStatus(batcher?.status() ?? model.queueStatus());
  }

  /** Bytes that the model holds: its weights, and the KV cache of one that generates. */
  memoryBytes(): number {
    this.#requireLoaded();
    const { generator, model, batcher } = this.#parts;
    return generator?.memoryBytes() ?? model.memoryBytes + (batcher?.memoryBytes ?? 0);
  }

  /** @internal */
  phaseStatistics(): readonly NativeStatistics[] {
    this.#requireLoaded();
    const { generator, batcher } = this.#parts;
    const timed = generator ?? batcher;
    return timed === undefined ? [] : [timed.statistics()];
  }

  /** @internal */
  submit(request: NativeGenerationRequest, sink: TokenSink): TokenStream {
    return this.#generator().submit(request, sink);
  }

  /** Ends what is running and frees all memory of the model. Again, it does nothing more. */
  unload(): Promise<void> {
    this.#unloaded ??= this.#unload();
    return this.#unloaded;
  }

  /** For `await using`: the same as {@link OnnxTextModel.unload}. */
  [asyncDispose](): Promise<void> {
    return this.unload();
  }

  async #unload(): Promise<void> {
    await this.#parts.generator?.unload();
    await this.#parts.batcher?.close();
    await this.#parts.model.close();
  }

  #requireLoaded(): void {
    if (this.#unloaded !== undefined) throw new InfernoError('model_unloaded', 'The model was unloaded.');
  }

  #generator(): TextGenerator {
    this.#requireLoaded();
    return this.#parts.generator ?? this.#lacks('generate text');
  }

  #lacks(ability: string): never {
    this.#requireLoaded();
    throw new InfernoError('task_unsupported', `This model cannot ${ability}: it is for the task "${this.task}".`);
  }

  #generate({ request, signal }: CheckedRequest, trace: CallerTrace): Generation {
    return new Generation((sink) => failedStream(() => this.submit(request, sink), sink), signal, trace);
  }
}
