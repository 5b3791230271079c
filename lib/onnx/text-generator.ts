import { awaitNative, callNative } from '../errors.js';
import { nativeAddon } from '../native.js';
import type { NativeSchedulingOptions } from '../native-load-types.js';
import { TokenKind } from '../native-onnx-text-types.js';
import type { NativeOnnxCacheInfo, NativeOnnxTextEngine, NativeTokenTable } from '../native-onnx-text-types.js';
import type { NativeOnnxSession } from '../native-onnx-types.js';
import type { NativeStatistics } from '../native-statistics-types.js';
import type { NativeQueueStatus } from '../native-queue-types.js';
import type {
  NativeGenerationProfile,
  NativeGenerationRequest,
  NativeModelInfo,
  NativeModelStats,
} from '../native-types.js';
import { EventDrain } from '../api/event-drain.js';
import { submitGeneration } from '../api/submit.js';
import type { TokenSink, TokenStream } from '../api/token-sink.js';

/** What a text generator is made of, beside the session. */
export interface TextGeneratorOptions {
  /** The bytes of token `id` are `bytes[offsets[id]]` to `bytes[offsets[id + 1]]`; a control token's are its name. */
  readonly tokens: { readonly bytes: Uint8Array; readonly offsets: Int32Array };
  /** Tokens that the tokenizer looks for before anything else; special ones are not shown in answers. */
  readonly addedTokens: readonly { readonly id: number; readonly special: boolean }[];
  /** Token ids of a prompt, with the special tokens it begins with, or of a rendered chat, whose template has them. */
  readonly tokenize: (text: string, kind: 'prompt' | 'chat') => Int32Array;
  /** Undefined = none. */
  readonly bosToken?: number;
  /** They end an answer; at least one. */
  readonly endTokens: readonly number[];
  /** Jinja; default ChatML. */
  readonly chatTemplate?: string;
  readonly name?: string;
  readonly architecture?: string;
  /** Tokens the model was trained for. */
  readonly trainContextSize?: number;
  readonly contextSize?: number;
  readonly parallel?: number;
  readonly batchSize?: number;
  readonly scheduling?: Partial<NativeSchedulingOptions>;
  readonly profiling?: boolean;
}

const defaultScheduling: NativeSchedulingOptions = {
  policy: 'priority',
  queueCapacity: 10_000,
  minWorkers: 1,
  targetLatencyMs: 0,
};

function withKinds({ tokens, addedTokens }: TextGeneratorOptions): NativeTokenTable {
  const { bytes, offsets } = tokens;
  const kinds = new Uint8Array(Math.max(0, offsets.length - 1));
  kinds.forEach((_, id) => {
    kinds[id] = offsets[id] === offsets[id + 1] ? TokenKind.unused : TokenKind.text;
  });
  for (const { id, special } of addedTokens) {
    if (kinds[id] === TokenKind.text) kinds[id] = special ? TokenKind.control : TokenKind.added;
  }
  return { bytes, offsets, kinds };
}

/**
 * Text generation with an ONNX decoder graph: the same requests, events, queue and statistics as with a GGUF model. Made
 * by {@link createTextGenerator}.
 */
export class TextGenerator {
  readonly info: NativeModelInfo;
  readonly #native: NativeOnnxTextEngine;
  readonly #drain: EventDrain;
  readonly #tokenize: TextGeneratorOptions['tokenize'];

  /** @internal */
  constructor(native: NativeOnnxTextEngine, tokenize: TextGeneratorOptions['tokenize']) {
    this.#native = native;
    this.#tokenize = tokenize;
    this.#drain = new EventDrain(native);
    this.info = Object.freeze(native.info());
  }

  /**
   * Queues a generation whose events go to `sink`, in later turns of this thread.
   *
   * @throws InfernoError `invalid_chat_template` when the template refuses the messages.
   */
  submit(request: NativeGenerationRequest, sink: TokenSink): TokenStream {
    return submitGeneration(this.#native, this.#drain, this.#withTokens(request), sink);
  }

  /** The prompt of a request with `messagesJson`. */
  renderPrompt(request: NativeGenerationRequest): string {
    return callNative(() => this.#native.renderPrompt(request));
  }

  tokenBytes(tokens: Int32Array): Uint8Array[] {
    return callNative(() => this.#native.tokenBytes(tokens));
  }

  /** How the graph keeps its past. */
  cacheInfo(): NativeOnnxCacheInfo {
    return callNative(() => this.#native.cacheInfo());
  }

  queueStatus(): NativeQueueStatus {
    return callNative(() => this.#native.queueStatus());
  }

  stats(): NativeModelStats {
    return callNative(() => this.#native.stats());
  }

  /** The last generations that ended, newest first. */
  profiles(limit: number): NativeGenerationProfile[] {
    return callNative(() => this.#native.profiles(limit));
  }

  statistics(): NativeStatistics {
    return callNative(() => this.#native.statistics());
  }

  memoryBytes(): number {
    return callNative(() => this.#native.memoryBytes());
  }

  /** Ends all generations as cancelled and frees the engine; the session is its owner's to close. Idempotent. */
  async unload(): Promise<void> {
    await awaitNative(this.#native.unload());
  }

  #withTokens(request: NativeGenerationRequest): NativeGenerationRequest {
    if (request.tokens !== undefined) return request;
    const { prompt, ...rest } = request;
    const isChat = prompt === undefined;
    const tokens = this.#tokenize(isChat ? this.renderPrompt(request) : prompt, isChat ? 'chat' : 'prompt');
    return { ...rest, tokens };
  }
}

/**
 * Tries the session's graph out and starts an engine on it.
 *
 * @throws InfernoError `unsupported_model` when the graph is no decoder with a KV cache or does not fit the tokenizer;
 *   `invalid_argument`, `out_of_memory`.
 */
export async function createTextGenerator(
  session: NativeOnnxSession,
  options: TextGeneratorOptions,
): Promise<TextGenerator> {
  const { addon } = nativeAddon();
  const handle = callNative(() =>
    addon.createOnnxTextEngine({
      session,
      tokens: withKinds(options),
      bosToken: options.bosToken ?? -1,
      endTokens: Int32Array.from(options.endTokens),
      chatTemplate: options.chatTemplate ?? '',
      name: options.name ?? '',
      architecture: options.architecture ?? '',
      trainContextSize: options.trainContextSize ?? 0,
      contextSize: options.contextSize ?? 0,
      parallel: options.parallel ?? 0,
      batchSize: options.batchSize ?? 0,
      scheduling: { ...defaultScheduling, ...options.scheduling },
      profiling: options.profiling ?? true,
    }),
  );
  return new TextGenerator(await awaitNative(handle.promise), options.tokenize);
}
