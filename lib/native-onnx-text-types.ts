/** The part of the addon's contract that generates text with ONNX decoder graphs. Implemented by `binding/onnx_text_engine.cpp`. */

import type { NativeSchedulingOptions } from './native-load-types.js';
import type { NativeOnnxSession } from './native-onnx-types.js';
import type { NativeGenerationRequest, NativeGenerator } from './native-types.js';

/** What a token id is: text, a mark that answers do not show, text that is always one token, or nothing at all. */
export const TokenKind = { text: 0, control: 1, added: 2, unused: 3 } as const;

/** The bytes that every token id stands for; a control token's are its name. */
export interface NativeTokenTable {
  /** Of all ids, one after another. A token may hold a part of a UTF-8 character only. */
  readonly bytes: Uint8Array;
  /** Where each id's bytes begin, and where the last one's end: one more than there are ids. */
  readonly offsets: Int32Array;
  /** Of each id, see {@link TokenKind}. */
  readonly kinds: Uint8Array;
}

export interface NativeOnnxTextOptions {
  readonly session: NativeOnnxSession;
  /** As long as the graph's logits, or shorter: ids behind its end are unused. */
  readonly tokens: NativeTokenTable;
  /** Its text is the chat template's `bos_token`; -1 = none. */
  readonly bosToken: number;
  /** They end an answer; the first one's text is the chat template's `eos_token`. At least one. */
  readonly endTokens: Int32Array;
  /** Jinja; empty: ChatML. */
  readonly chatTemplate: string;
  readonly name: string;
  readonly architecture: string;
  /** Tokens the model was trained for; 0 = unknown. */
  readonly trainContextSize: number;
  /** Tokens of KV cache of each sequence; 0 = chosen from the model and free memory. */
  readonly contextSize: number;
  /** Sequences decoded at once, 1–64; 0 = chosen likewise. */
  readonly parallel: number;
  /** Prompt tokens of one run at most; 0 = 512. */
  readonly batchSize: number;
  readonly scheduling: NativeSchedulingOptions;
  readonly profiling: boolean;
}

/** How the graph keeps its past, as tried out when the engine was made. */
export interface NativeOnnxCacheInfo {
  /** The present outputs are the past with the new tokens behind it, or the new tokens are written into the past. */
  readonly layout: 'growing' | 'shared';
  /** Sequences of different lengths may share a run. */
  readonly pads: boolean;
  /** A prompt may come in pieces. */
  readonly chunks: boolean;
  /** Copied in all because sequences joined, left or changed places. */
  readonly bytesMoved: number;
}

/**
 * Continuous batching over an ONNX decoder graph. What JS must do is tokenizing: every request carries `tokens`, and one
 * with `messagesJson` carries those of the prompt that `renderPrompt` gives for the same request. Schemas, grammars,
 * tools and reasoning then work as with a GGUF model.
 */
export interface NativeOnnxTextEngine extends NativeGenerator {
  cacheInfo(): NativeOnnxCacheInfo;
  /** The prompt of a request with `messagesJson`, to be tokenized with control tokens read as such. */
  renderPrompt(request: NativeGenerationRequest): string;
  /** What each token says, control tokens as their names; may be part of a UTF-8 character. */
  tokenBytes(tokens: Int32Array): Uint8Array[];
}

export interface NativeOnnxTextHandle {
  readonly promise: Promise<NativeOnnxTextEngine>;
}
