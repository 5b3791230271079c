/** Types of the public API that more than one file shares. */
import type { NativePhaseSummary } from '../native-statistics-types.js';
import type { NativeQueuePosition, NativeQueueStatus } from '../native-queue-types.js';
import type { NativeGenerationProfile, Tier } from '../native-types.js';

export type { Tier } from '../native-types.js';

/** Where a generation stands in its model's queue, and when it is expected to start. */
export type QueuePosition = NativeQueuePosition;

/** One consistent look at a model's scheduler: what waits and runs by tier, measured rates, the prefix cache. */
export type QueueStatus = NativeQueueStatus;

/** One turn of a conversation, in OpenAI's shape. */
export interface ChatMessage {
  readonly role: 'system' | 'developer' | 'user' | 'assistant' | 'tool';
  readonly content: string | readonly ChatContentPart[] | null;
  readonly name?: string;
  /** Of an earlier answer: the functions it called. */
  readonly tool_calls?: readonly unknown[];
  /** Of a message of role 'tool': the call that it answers. */
  readonly tool_call_id?: string;
  /** Of an earlier answer: what the model thought; the template decides whether the model sees it again. */
  readonly reasoning_content?: string;
}

/** A function that the model wants called. */
export interface ToolCall {
  /** To be named in the message of role 'tool' that answers it. */
  readonly id: string;
  readonly name: string;
  /** JSON, as the model wrote it: check it before use. */
  readonly arguments: string;
}

/** A piece of a tool call: its first one has `id` and `name`, every one some of the arguments, which may be empty. */
export interface ToolCallPart {
  /** Which of the answer's calls, from 0. */
  readonly call: number;
  readonly id?: string;
  readonly name?: string;
  readonly arguments: string;
}

export interface ChatContentPart {
  readonly type: 'text';
  readonly text: string;
}

/** How the next token is chosen. Ranges are checked before anything is queued. */
export interface SamplingOptions {
  /** 0 (greedy) to 2; default 0.8. */
  readonly temperature?: number;
  /** Keep the k most likely tokens, 0 (all) to 2,147,483,647; default 40. */
  readonly topK?: number;
  /** Nucleus, 0 to 1; default 0.95. */
  readonly topP?: number;
  /** Drop tokens less likely than minP times the best one, 0 to 1; default 0.05. */
  readonly minP?: number;
  /** Locally typical sampling, 0 to 1; default 1 (off). */
  readonly typicalP?: number;
  /** Over 0, at most 100; default 1 (off). */
  readonly repeatPenalty?: number;
  /** Tokens the repeat penalty looks back on, 0 (off) to 2,147,483,647; default 64. */
  readonly repeatLastN?: number;
  /** -2 to 2; default 0. */
  readonly presencePenalty?: number;
  /** -2 to 2; default 0. */
  readonly frequencyPenalty?: number;
  /** 0 to 4294967294; default random. The same seed gives the same text on the same machine when run alone. */
  readonly seed?: number;
  /** Added to the logits: token id → -100 to 100. */
  readonly logitBias?: Readonly<Record<number, number>>;
}

export interface GenerationOptions extends SamplingOptions {
  /** Tokens to generate at most, 1 to 2,000,000; default: until the model stops or the context is full. */
  readonly maxTokens?: number;
  /** Text that ends the generation; it is not part of the result. At most 16 strings. */
  readonly stop?: string | readonly string[];
  /** GBNF grammar the text must follow. Excludes `jsonSchema`. */
  readonly grammar?: string;
  /** JSON schema the text must follow. Excludes `grammar`. */
  readonly jsonSchema?: Readonly<Record<string, unknown>>;
  /** Report the log probability of each token and of this many alternatives, 0 to 20. */
  readonly logprobs?: number;
  /** Go on past the model's end-of-generation token. Default false. */
  readonly ignoreEos?: boolean;
  /** How it shares with other generations of the model; default 'normal'. A vip may park a running one of a lower tier. */
  readonly priority?: Tier;
  /** Whose fair share within its tier it counts against, at most 256 characters; default: one share for all without. */
  readonly user?: string;
  /**
   * Milliseconds, 1 to 86,400,000, within which it must have started, or it fails with `deadline_exceeded`. It is
   * preferred from 30 s before and goes first from 10 s before.
   */
  readonly deadlineMs?: number;
  /** Tokens the answer will probably have, 1 to 2,000,000, for fair shares and estimates; default: learned. */
  readonly estimatedTokens?: number;
  /** Ends the generation: reading and awaiting it reject with `signal.reason` at once, and its sequence is freed. */
  readonly signal?: AbortSignal;
}

export interface ChatOptions extends GenerationOptions {
  /**
   * OpenAI's `tools` array: functions the model may call. They are rendered by the chat template, and the calls are read
   * back from the answer in the template's own format.
   */
  readonly tools?: readonly unknown[];
  /** 'auto' (default), 'none', 'required' (the answer must be a call) or the one function to be called. */
  readonly toolChoice?: 'auto' | 'none' | 'required' | { readonly name: string };
  /** Whether one answer may call several functions; default: whether the template can show that. */
  readonly parallelToolCalls?: boolean;
  /** False: what the model thinks is part of the text. Default true: it is in `reasoning`. */
  readonly parseReasoning?: boolean;
  /** Tokens that a model that thinks may spend on that, 0 to 2,000,000; default: no limit. */
  readonly reasoningBudget?: number;
  /** Extra variables for the chat template, e.g. `{ enable_thinking: false }`. */
  readonly templateArguments?: Readonly<Record<string, unknown>>;
}

export type StopReason = 'stop' | 'length' | 'cancelled' | 'error';

export interface TokenLogprob {
  readonly token: string;
  readonly id: number;
  /** Natural logarithm of the probability. */
  readonly logprob: number;
  readonly bytes: readonly number[];
  readonly top: readonly Omit<TokenLogprob, 'top'>[];
}

/**
 * A piece of a streamed generation. `text` holds whole characters only, and may be empty when it brings log probabilities.
 * A reader that falls behind gets several pieces as one.
 */
export interface GenerationPart {
  readonly text: string;
  /** What the model thought, if it does and this piece has some of it. */
  readonly reasoning?: string;
  /** Pieces of function calls. */
  readonly toolCalls?: readonly ToolCallPart[];
  /** Tokens this piece completes; 0 when its text was held back as the possible beginning of a stop string. */
  readonly tokens: number;
  readonly logprobs?: readonly TokenLogprob[];
}

export interface Usage {
  readonly promptTokens: number;
  /** Prompt tokens that came from a cached prefix. */
  readonly cachedTokens: number;
  readonly completionTokens: number;
  /** Of the completion tokens, those that the model thought. */
  readonly reasoningTokens: number;
  /** Tokens that speculation guessed, and those of them that were right. */
  readonly draftedTokens: number;
  readonly acceptedTokens: number;
}

/** Milliseconds. */
/** Milliseconds of each phase; together the time from submission to end. Being parked for a better one counts as queue. */
export interface Timings {
  /** Chat template, tokenizing, grammar. */
  readonly tokenizeMs: number;
  readonly queueMs: number;
  /** From its start to its first token. */
  readonly prefillMs: number;
  readonly decodeMs: number;
  readonly detokenizeMs: number;
}

/** Of one phase and tier, in milliseconds; quantiles are within 1 % of the exact ones. */
export type PhaseSummary = NativePhaseSummary;

/** One of the last 1,000 generations of a model, as its engine saw it; times in microseconds, moments by `process.hrtime`. */
export type GenerationProfile = NativeGenerationProfile;

export interface GenerationResult {
  readonly text: string;
  /** What the model thought before it answered, if it did. */
  readonly reasoning?: string;
  /** The functions it wants called, if any. */
  readonly toolCalls?: readonly ToolCall[];
  readonly stopReason: StopReason;
  /** The stop string that ended it, if one did. */
  readonly stopSequence?: string;
  readonly usage: Usage;
  readonly timings: Timings;
  readonly logprobs?: readonly TokenLogprob[];
}

/** Who runs when. */
export interface SchedulingOptions {
  /** 'fifo' turns priorities, fair shares and preemption off. Default 'priority'. */
  readonly policy?: 'priority' | 'fifo';
  /** Generations that may wait, 1 to 1,000,000, by which the server judges its load; default 10,000. */
  readonly queueCapacity?: number;
  /** Sequences that may always run at once, 1 to 64; default 1. */
  readonly minWorkers?: number;
  /** Fewer run at once while the time between two tokens is longer than this many milliseconds; default 0: never. */
  readonly targetLatencyMs?: number;
}

/** Keys and values of tokens: how they are kept, and what happens to prompts that were computed and may come again. */
export interface CacheOptions {
  /**
   * Precision of keys and values. `f32` takes twice the memory and is slower; it is for comparing a model with another
   * runtime, not for better text. Default `f16`.
   */
  readonly type?: 'f16' | 'f32';
  /** Host memory for the KV cache of prefixes that no sequence holds any more; default 256 MiB; 0 is none. */
  readonly memoryBytes?: number;
  /**
   * Where prefixes go that do not fit into memory; default: they are forgotten. The files belong to this process and go
   * with it. Who can read them can tell the prompts.
   */
  readonly directory?: string;
  /** Default 8 GiB. */
  readonly diskBytes?: number;
}

export interface SpeculationOptions {
  /** 'auto' (default) guesses tokens ahead while that pays, 'off' never. The text is the same. */
  readonly mode?: 'auto' | 'off';
  /** Path of a small GGUF model with the same vocabulary that guesses where the text itself gives nothing. */
  readonly draftModel?: string;
  /** Tokens guessed for one step at most, 1 to 16; default 8. */
  readonly maxDraftTokens?: number;
}

export type ModelPooling = 'none' | 'mean' | 'cls' | 'last' | 'rank';

export interface LoadModelOptions {
  /**
   * Tokens each sequence can hold, 16 to 16,777,216; default: chosen from the model and the free memory. The engine rounds
   * it up; `info.contextSize` says to what.
   */
  readonly contextSize?: number;
  /** Sequences decoded at once, 1 to 64; default: chosen from the context size and the free memory. */
  readonly parallel?: number;
  /** Tokens of one decode call at most, 1 to 65,536; default 512. */
  readonly batchSize?: number;
  /** Compute threads, 1 to 1,024, or 'auto' (default): adapts to the model, the load and the cores that are really free. */
  readonly threads?: number | 'auto';
  /**
   * Layers on GPUs: 'auto' (default) plans as many as fit into the memory that is free now, with the KV cache; 'all' or a
   * number, 0 to 10,000, are not questioned, and loading fails where they do not fit. `info.gpuLayers` says what was done.
   */
  readonly gpuLayers?: number | 'auto' | 'all';
  /** The GPUs to use, by the names that {@link devices} tells; default: all; an empty list is the CPU alone. */
  readonly devices?: readonly string[];
  /** Shares of the GPUs in their order, e.g. [3, 1]; default: by their free memory. */
  readonly tensorSplit?: readonly number[];
  /** Place in the list of GPUs of the one that holds the whole model; default: layers are split over all of them. */
  readonly mainGpu?: number;
  /**
   * Chat template (Jinja) instead of the one in the model file: for files without one, or whose template lacks tools.
   * One that cannot be parsed fails the loading with `invalid_chat_template`.
   */
  readonly chatTemplate?: string;
  /**
   * How one vector comes from those of an input's tokens: their mean, that of the first ('cls') or of the last, or none: all
   * of them. 'rank' asks for the model's classifier, and the loading fails with `unsupported_model` where there is none.
   * Default 'auto': as the file says, and 'mean' where it says nothing.
   */
  readonly pooling?: 'auto' | ModelPooling;
  /** Who runs when. */
  readonly scheduling?: SchedulingOptions;
  /** What happens to prompts that were computed and may come again. */
  readonly cache?: CacheOptions;
  /**
   * Engines over the same weights, 1 to 16; default 1. More than one makes sense where one engine does not fill the
   * machine: each has its own sequences, KV cache and queue.
   */
  readonly replicas?: number;
  /** Which replica takes a generation: the one that knows its prompt (default), the soonest, the least loaded, the next. */
  readonly balancing?: 'prefix-affinity' | 'earliest-completion' | 'least-loaded' | 'round-robin';
  /** How tokens are guessed ahead; 'auto' and 'off' stand for `{ mode }`. */
  readonly speculation?: 'auto' | 'off' | SpeculationOptions;
  /** Measure the phases of generations for `profiles` and `statistics`; default true. It costs less than 0.5 %. */
  readonly profiling?: boolean;
  /** Load the vocabulary only: `tokenize`, `detokenize` and `renderChat` work, generation does not. */
  readonly vocabularyOnly?: boolean;
  /**
   * Load unknown files once in a throwaway process first, so that a file that makes llama.cpp abort cannot end this
   * process. Default true; a file that passed is remembered by path, size and times.
   */
  readonly probe?: boolean;
  /** Called with 0 to 1, rising; 1 comes last. What it throws ends the loading and is what loading rejects with. */
  readonly onProgress?: (fraction: number) => void;
  /** Ends the loading, which rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

export interface ModelInfo {
  readonly architecture: string;
  readonly name: string;
  readonly description: string;
  readonly fileType: string;
  readonly parameterCount: number;
  readonly sizeBytes: number;
  readonly trainContextSize: number;
  readonly contextSize: number;
  readonly parallel: number;
  readonly batchSize: number;
  readonly embeddingLength: number;
  readonly layerCount: number;
  /** Layers that compute on GPUs, of all. The output counts as one, so `total` is `layerCount` + 1. */
  readonly gpuLayers: { readonly offloaded: number; readonly total: number };
  readonly headCount: number;
  readonly vocabularySize: number;
  readonly bosToken: number;
  readonly eosToken: number;
  readonly chatTemplate: string;
  /** It continues texts and answers chats; encoders do not. */
  readonly supportsGeneration: boolean;
  readonly supportsEmbeddings: boolean;
  /** It says how relevant a text is to another. */
  readonly supportsRanking: boolean;
  /** It says which of its classes a text is of. */
  readonly supportsClassification: boolean;
  /**
   * How one vector comes from those of the tokens, 'rank': by a classifier, 'none': each token keeps its own. Absent where an
   * ONNX graph gives vectors of whole texts.
   */
  readonly pooling?: ModelPooling;
  /** The classes, in the model's order; empty for models without. */
  readonly classLabels: readonly string[];
  /** It can generate what stands between a prefix and a suffix. */
  readonly supportsInfill: boolean;
}
