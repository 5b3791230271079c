/**
 * What goes over the border to the native addon, written by hand; its functions are in native-addon-types.ts. `binding/`
 * implements it; `lib/native.ts` is the only file that loads the addon. Nothing here is public API.
 *
 * Native failures arrive as plain `Error` objects with a string `code` from `native/core/error_codes.def`;
 * `lib/errors.ts` turns them into `InfernoError`.
 */

import type { NativeLoadOptions, NativeOffloadOption, NativePooling } from './native-load-types.js';
import type { NativeQueuePosition, NativeQueueStatus } from './native-queue-types.js';
import type { NativeRareSamplers } from './native-sampling-types.js';
import type { NativeStatistics } from './native-statistics-types.js';
import type { Tier } from './native-tiers.js';

export { tiers, type Tier } from './native-tiers.js';

export interface NativeModelInfo {
  readonly architecture: string;
  readonly name: string;
  /** llama.cpp's description, e.g. "llama 1B Q4_K - Medium". */
  readonly description: string;
  readonly fileType: string;
  readonly parameterCount: number;
  readonly sizeBytes: number;
  readonly trainContextSize: number;
  /** Tokens each sequence can hold. */
  readonly contextSize: number;
  readonly parallel: number;
  readonly batchSize: number;
  readonly embeddingLength: number;
  readonly layerCount: number;
  /** Of layerCount + 1: the output counts as a layer. */
  readonly gpuLayers: { readonly offloaded: number; readonly total: number };
  readonly headCount: number;
  readonly vocabularySize: number;
  readonly bosToken: number;
  readonly eosToken: number;
  /** Jinja source of the chat template; empty when the file has none (llama.cpp's ChatML default is used). */
  readonly chatTemplate: string;
  readonly supportsGeneration: boolean;
  readonly supportsEmbeddings: boolean;
  readonly supportsRanking: boolean;
  readonly supportsClassification: boolean;
  /** How one vector comes from those of the tokens; 'rank': what comes is a classifier's. */
  readonly pooling: NativePooling;
  /** Of a classifier, in the order of its outputs; empty without one. */
  readonly classLabels: readonly string[];
  /** The vocabulary has tokens for text between a prefix and a suffix. */
  readonly supportsInfill: boolean;
}

/** Counters of one model, read without stopping the engine. */
export interface NativeModelStats {
  readonly sequencesBusy: number;
  readonly queued: number;
  readonly threads: number;
  readonly decodeSteps: number;
  readonly tokensDecoded: number;
  readonly tokensPrefilled: number;
  readonly requestsFinished: number;
  readonly wakes: number;
  /** Prompt tokens that came from a cached prefix. */
  readonly tokensCached: number;
  readonly tokensDrafted: number;
  readonly tokensAccepted: number;
}

/**
 * One generation, as handed to the engine thread. Exactly one of `prompt`, `tokens`, `messagesJson` is set; `tokens` beside
 * `messagesJson` are those of its rendered prompt, for engines that do not tokenize.
 */
export interface NativeGenerationRequest {
  readonly prompt?: string;
  readonly tokens?: Int32Array;
  /** What follows the text to be generated; not for chats. REQUIRES: the model supports infill. */
  readonly suffix?: string;
  /** OpenAI's `messages` array as JSON; the model's chat template renders it natively. */
  readonly messagesJson?: string;
  /** OpenAI's `tools` array as JSON (chat only). */
  readonly toolsJson?: string;
  /** JSON object of extra template variables (chat only), e.g. {"enable_thinking": false}. */
  readonly templateArgumentsJson?: string;
  /** Chat only; default 'auto'. 'required': the grammar leaves nothing but a call. */
  readonly toolChoice?: 'auto' | 'required' | 'none';
  /** Chat only; default: whether the template can show several calls of one answer. */
  readonly parallelToolCalls?: boolean;
  /** Chat only; default true: what the model thinks comes as `reasoning` records. False: it is part of the text. */
  readonly parseReasoning?: boolean;
  /** Chat only: the last message is the assistant's, and is continued. */
  readonly continueFinalMessage?: boolean;
  /** Chat only: tokens that the model may think; -1 or absent: no limit. */
  readonly reasoningBudget?: number;
  /** Said before the end of a reasoning that has used up its budget. */
  readonly reasoningBudgetMessage?: string;

  /** Tokens to generate at most; -1 = until the context is full. */
  readonly maxTokens: number;
  /** 0 = greedy. */
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  readonly typicalP: number;
  readonly repeatPenalty: number;
  readonly repeatLastN: number;
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  /** -1 = random. Otherwise 0 … 2^32-2. */
  readonly seed: number;
  /** Pairs [token, bias, token, bias, …]. */
  readonly logitBias?: Float64Array;
  /** GBNF grammar. */
  readonly grammar?: string;
  readonly samplers?: NativeRareSamplers;
  /** JSON schema as JSON text; turned into a grammar natively. Of a chat it describes the content. */
  readonly jsonSchema?: string;
  readonly stop?: readonly string[];
  /** Alternatives to report per token, 0–20; -1 = no logprobs. */
  readonly logprobs: number;
  readonly ignoreEos: boolean;
  /** Deliver text already escaped for the inside of a JSON string (no surrounding quotes). */
  readonly escapeJson: boolean;

  /** Index into `tiers`. */
  readonly tier: number;
  /** Whose fair share it counts against within its tier; empty = everybody who gave none. */
  readonly user: string;
  /** Milliseconds from now until it must have started; 0 = none. */
  readonly deadlineMs: number;
  /** Expected answer tokens; 0 = from maxTokens and what the model's answers were like. */
  readonly estimatedTokens: number;
  /** Generations of this model that must end well before it starts; numbers that ended well already are fine. */
  readonly dependencies?: Int32Array;
}

/** Int32 fields of one event record; the records of a drain lie one after another. */
export const EVENT_STRIDE = 9;
export const EventField = {
  generation: 0,
  kind: 1,
  textOffset: 2,
  textLength: 3,
  /** Tokens whose text this record completes (text records), 0 otherwise. */
  tokens: 4,
  /** JSON beside the text: logprobs of the tokens, a NativeGenerationEnd (end records), a call's id (tool call records). */
  auxOffset: 5,
  auxLength: 6,
  /** 1 when the text is pure ASCII, so that latin1 decoding is enough. */
  ascii: 7,
  /** Which tool call (tool call and argument records). */
  call: 8,
} as const;
/** The text of a tool call record is the function's name; `reasoning` and the later ones come from chats only. */
export const EventKind = { text: 0, end: 1, reasoning: 2, toolCall: 3, toolArguments: 4 } as const;

/** Parsed from the aux JSON of an end record. */
export interface NativeGenerationEnd {
  readonly reason: 'stop' | 'length' | 'cancelled' | 'error';
  /** The stop string that ended it, if one did. */
  readonly stopSequence?: string;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  /**
   * Microseconds. tokenize + queue + prefill + decode + detokenize = ended - submitted, exactly. Chat template and
   * grammar count as tokenize, the time it was parked as queue.
   */
  readonly tokenizeUs: number;
  readonly queueUs: number;
  readonly prefillUs: number;
  readonly decodeUs: number;
  readonly detokenizeUs: number;
  /** On the clock of `process.hrtime`, in microseconds. `firstTokenUs` is 0 when there was none. */
  readonly submittedUs: number;
  readonly firstTokenUs: number;
  readonly endedUs: number;
  /** Tokens proposed by speculation, and those of them that were right. */
  readonly draftedTokens: number;
  readonly acceptedTokens: number;
  /** Times it was parked for a better one. */
  readonly preemptions: number;
  /** Of the completion tokens. */
  readonly reasoningTokens: number;
  readonly toolCalls: number;
  readonly error?: { readonly code: string; readonly message: string };
}

/** Parsed from the aux JSON of a text record when logprobs were asked for. One entry per token. */
export interface NativeTokenLogprob {
  readonly token: string;
  readonly id: number;
  readonly logprob: number;
  /** UTF-8 bytes of the token. */
  readonly bytes: readonly number[];
  readonly top: readonly {
    readonly token: string;
    readonly id: number;
    readonly logprob: number;
    readonly bytes: readonly number[];
  }[];
}

/** One of the last 1,000 generations that ended, as the engine saw it. */
export interface NativeGenerationProfile extends Omit<
  NativeGenerationEnd,
  'stopSequence' | 'error' | 'reasoningTokens' | 'toolCalls'
> {
  readonly generation: number;
  readonly tier: Tier;
  /** The longest time between two tokens. */
  readonly maxInterTokenUs: number;
  /** Of the process, at most two seconds before. */
  readonly residentBytes: number;
  /** What the model holds: weights, KV cache, compute buffers. */
  readonly deviceBytes: number;
}

/** What every engine that generates text gives, whatever computes its tokens. */
export interface NativeGenerator {
  info(): NativeModelInfo;
  /** The last generations that ended, newest first, at most 1,000. */
  profiles(limit: number): NativeGenerationProfile[];
  /** What the engine timed: all phases but receive and serialize. Lives as long as the model. */
  statistics(): NativeStatistics;
  stats(): NativeModelStats;
  queueStatus(): NativeQueueStatus;
  /** Undefined for numbers that are unknown or have ended. */
  queuePosition(generation: number): NativeQueuePosition | undefined;
  /** Memory the model holds now: weights, KV cache and compute buffers, without the prefix cache. */
  memoryBytes(): number;
  /**
   * Queues a generation and returns its number (> 0, unique in this model). Never blocks on compute: rendering,
   * tokenizing and grammar compilation happen on the model's preparation thread. Every generation ends with exactly one
   * end record, whatever happens.
   */
  submit(request: NativeGenerationRequest): number;
  /** Idempotent; unknown or finished numbers are ignored. The end record still comes. */
  cancel(generation: number): void;
  /** Back-pressure: the sequence keeps its place but decodes nothing until resumed. Idempotent. */
  pause(generation: number): void;
  resume(generation: number): void;
  /** Ends all generations (reason 'cancelled'), joins the threads, frees all memory. Idempotent. */
  unload(): Promise<void>;
  /**
   * Moves pending events into the buffers given to `onEvents` registration; called by native.ts only.
   */
  setEventSink(sink: (count: number) => void, records: Int32Array, text: Uint8Array): void;
}

export interface NativeModel extends NativeGenerator {
  /** A second engine over the same weights. */
  replicate(
    options: Omit<NativeLoadOptions, 'path' | NativeOffloadOption | 'chatTemplate' | 'vocabularyOnly' | 'pooling'>,
  ): NativeLoadHandle;
  tokenize(text: string, addSpecial: boolean, parseSpecial: boolean): Int32Array;
  detokenize(tokens: Int32Array, removeSpecial: boolean, unparseSpecial: boolean): string;
  /** What each token says, control tokens as their names; may be part of a UTF-8 character. */
  tokenBytes(tokens: Int32Array): Uint8Array[];
  /** Renders OpenAI `messages` with the model's template; returns the prompt text. Empty texts: no tools, no arguments. */
  renderChat(
    messagesJson: string,
    toolsJson: string,
    addGenerationPrompt: boolean,
    templateArgumentsJson: string,
  ): string;
  /** Vectors, relevances or classes of inputs, several of them in one decode. */
  encode(request: NativeEncodingRequest): NativeEncodingHandle;
}

export interface NativeEncodingRequest {
  readonly task: 'embed' | 'rank' | 'classify';
  /** Of 'rank': what the inputs are compared with; otherwise empty. */
  readonly query: string;
  /** Texts, or token ids that are taken as they are (not of 'rank'). */
  readonly inputs: readonly (string | Int32Array)[];
  /** Vectors to length 1. */
  readonly normalize: boolean;
  /** Scores as the classifier gives them, not 0 to 1. */
  readonly raw: boolean;
  /** What is too long is cut instead of refused. */
  readonly truncate: boolean;
  /** Index into `tiers`. */
  readonly tier: number;
  /** Empty: everybody who gave none. */
  readonly user: string;
  /** From now, until all inputs must have begun; 0: none. */
  readonly deadlineMs: number;
}

export interface NativeEncodedRows {
  /**
   * One per input: a vector (with pooling 'none' those of all tokens, one after the other), the relevance, or a score for
   * each class.
   */
  readonly rows: Float32Array[];
  readonly tokens: number;
}

export interface NativeEncodingHandle {
  readonly promise: Promise<NativeEncodedRows>;
  /** The promise then rejects with code 'cancelled' once what is being computed is done. Idempotent. */
  readonly cancel: () => void;
}

/** What the server hands on of vectors. */
export interface NativeEmbeddings {
  readonly embeddings: Float32Array[];
  readonly tokens: number;
}

export interface NativeLoadHandle {
  readonly promise: Promise<NativeModel>;
  /** The promise then rejects with code 'cancelled'. Idempotent. */
  cancel(): void;
}

export interface NativeDevice {
  readonly name: string;
  readonly description: string;
  readonly kind: 'cpu' | 'gpu' | 'igpu' | 'accel';
  /** llama.cpp's backend that drives it: CPU, CUDA, Vulkan, MTL, ROCm. */
  readonly backend: string;
  /** "0000:01:00.0"; empty when the backend does not tell it. */
  readonly pciAddress: string;
  readonly memoryFreeBytes: number;
  readonly memoryTotalBytes: number;
}

/** What a driver reports of its GPU; what it does not know is absent. */
export interface NativeGpuReading {
  readonly pciAddress: string;
  readonly name: string;
  readonly vendor: 'nvidia' | 'amd' | 'intel';
  readonly driver: string;
  readonly memoryTotalBytes?: number;
  readonly memoryUsedBytes?: number;
  /** 0 to 1, over the driver's last sampling period. */
  readonly utilization?: number;
  readonly temperatureCelsius?: number;
  readonly powerWatts?: number;
  readonly powerLimitWatts?: number;
}

export interface NativeDevices {
  /** What llama.cpp's loaded backends can compute on. */
  readonly computing: readonly NativeDevice[];
  /** What NVIDIA's, AMD's and Intel's drivers know of. */
  readonly gpus: readonly NativeGpuReading[];
  /** Sentences about drivers that are there and do not answer. */
  readonly problems: readonly string[];
}

export interface NativeSystemInfo {
  readonly llamaVersion: string;
  /** llama.cpp's name of the CPU backend. */
  readonly cpuBackend: string;
  /** File of the CPU variant that was chosen for this processor; empty when unknown. */
  readonly cpuLibrary: string;
  /** llama.cpp's backends that were loaded, also those that found no device. */
  readonly backends: readonly string[];
  readonly features: string;
  readonly devices: readonly NativeDevice[];
  readonly availableCores: number;
}

/** A zstd frame in pieces that can each be read as soon as it arrives. */
export interface NativeZstdStream {
  /** `ends` closes the frame, once. */
  write(bytes: Uint8Array, ends: boolean): Uint8Array;
}
