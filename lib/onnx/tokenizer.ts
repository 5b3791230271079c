import * as library from '@huggingface/tokenizers';
import { InfernoError } from '../errors.js';
import type { OnnxModelFolder } from './model-folder.js';
import { findStep, isByteLevel, tokenTable } from './token-bytes.js';
import type { TokenTable } from './token-bytes.js';
import type { TokenizerJson } from './folder-schemas.js';

/** One input of an encoder: a text, or two of which the second answers the first. */
export interface EncodedInput {
  readonly ids: Int32Array;
  /** Which of the two texts each token is of; absent when all are of the first or the model does not ask. */
  readonly typeIds?: Int32Array;
}

/** What is used of the library's tokenizer: its own types cannot be resolved, and leave some of this out. */
interface TokenizerParts {
  readonly post_processor:
    | ((tokens: string[], pair: string[] | null, special: boolean) => { tokens: string[]; token_type_ids?: number[] })
    | null;
  readonly model: { readonly vocab: readonly (string | undefined)[]; readonly unk_token_id?: number };
  token_to_id(token: string): number | undefined;
  tokenize(text: string, options: { add_special_tokens: boolean }): string[];
  decode(ids: number[], options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean }): string;
}

type TokenizerClass = new (json: object, config: object) => TokenizerParts;

function open(json: TokenizerJson, config: object): TokenizerParts {
  try {
    const { Tokenizer } = library as unknown as { readonly Tokenizer: TokenizerClass };
    return new Tokenizer(json, config);
  } catch (error) {
    const why = error instanceof Error ? error.message : '';
    throw new InfernoError('unsupported_model', `The tokenizer of this model cannot be used: ${why}.`, {
      cause: error,
      remedy: 'Save the tokenizer anew with a current version of transformers.',
    });
  }
}

/** Cuts the longer one first until both together have `most` tokens. */
function fitTogether(first: number, second: number, most: number): readonly [number, number] {
  const excess = first + second - most;
  if (excess <= 0) return [first, second];
  const larger = Math.max(first, second);
  const smaller = Math.min(first, second);
  const cut = Math.min(excess, larger - smaller);
  const rest = excess - cut;
  const left = Math.max(0, larger - cut - Math.floor(rest / 2));
  const right = Math.max(0, smaller - Math.ceil(rest / 2));
  return first >= second ? [left, right] : [right, left];
}

/** Text to the tokens of one model and back, by its tokenizer.json. Runs on the thread that calls. */
export class TextTokenizer {
  readonly #json: TokenizerJson;
  readonly #config: object;
  readonly #tokenizer: TokenizerParts;
  /** Knows no control tokens: for text that must not be read as such. Made when first needed. */
  #plain: TokenizerParts | undefined;
  #table: TokenTable | undefined;
  readonly #special: ReadonlyMap<number, string>;
  readonly #cutsLeft: boolean;
  readonly #typeCount: number;

  /** @throws InfernoError `unsupported_model` for steps that the library does not know. */
  constructor({ tokenizer, tokenizerConfig, config }: OnnxModelFolder) {
    this.#json = tokenizer;
    this.#config = { ...tokenizerConfig, additional_special_tokens: [] };
    this.#tokenizer = open(tokenizer, this.#config);
    const special = tokenizer.added_tokens.filter((token) => token.special === true);
    this.#special = new Map(special.map(({ id, content }) => [id, content]));
    this.#cutsLeft = tokenizerConfig.truncation_side === 'left';
    this.#typeCount = config.type_vocab_size ?? 2;
  }

  /** One more than the highest id. */
  get vocabularySize(): number {
    return this.#tokenizer.model.vocab.length;
  }

  /** Tokens that stand around a text, or around and between two. */
  specialCount(isPair: boolean): number {
    return this.#around([], isPair ? [] : null).tokens.length;
  }

  /** Without the special tokens of inputs unless asked for; `parseSpecial` reads names of control tokens as such. */
  tokenize(text: string, options: { readonly addSpecial: boolean; readonly parseSpecial: boolean }): Int32Array {
    const tokens = this.#split(text, options.parseSpecial);
    return Int32Array.from(this.#ids(options.addSpecial ? this.#around(tokens, null).tokens : tokens));
  }

  /**
   * An input as the model was trained with them: with special tokens, and of a pair with what tells the two apart.
   * What has more than `maxLength` tokens is cut if `truncate` says so.
   *
   * @throws InfernoError `context_length_exceeded`.
   */
  encode(text: string, pair: string | undefined, limits: { maxLength: number; truncate: boolean }): EncodedInput {
    let first = this.#split(text, true);
    let second = pair === undefined ? null : this.#split(pair, true);
    const room = limits.maxLength - this.specialCount(second !== null);
    const length = first.length + (second?.length ?? 0);
    if (length > room) {
      if (!limits.truncate || room < 1) throw tooLong(length + limits.maxLength - room, limits.maxLength);
      const [keptFirst, keptSecond] = fitTogether(first.length, second?.length ?? 0, room);
      first = this.#cut(first, keptFirst);
      second = second && this.#cut(second, keptSecond);
    }
    const { tokens, token_type_ids: types } = this.#around(first, second);
    const ids = Int32Array.from(this.#ids(tokens));
    const isTyped = second !== null && this.#typeCount > 1 && types?.length === ids.length;
    return isTyped ? { ids, typeIds: Int32Array.from(types) } : { ids };
  }

  /** Control tokens are written as their names, or left out. */
  detokenize(ids: Int32Array, options: { readonly unparseSpecial: boolean }): string {
    const kept = options.unparseSpecial ? [...ids] : [...ids].filter((id) => !this.#special.has(id));
    if (kept.length === 0) return '';
    if (!this.#spellsBytes) {
      return this.#tokenizer.decode(kept, { skip_special_tokens: false, clean_up_tokenization_spaces: false });
    }
    const text = Buffer.concat(kept.map((id) => this.#bytesOf(id))).toString('utf8');
    // The space that the tokenizer puts before a text is not part of it.
    return this.#addsSpace && text.startsWith(' ') ? text.slice(1) : text;
  }

  /** What each token stands for by itself. */
  tokenBytes(ids: Int32Array): Uint8Array[] {
    return Array.from(ids, (id) => this.#bytesOf(id));
  }

  /** What all tokens stand for, for an engine that writes text. */
  get table(): TokenTable {
    this.#table ??= tokenTable(this.#tokenizer.model.vocab, this.#json);
    return this.#table;
  }

  /** Tokens that are looked for before anything else; special ones are not part of answers. */
  get addedTokens(): readonly { readonly id: number; readonly special: boolean }[] {
    return this.#json.added_tokens.map(({ id, special }) => ({ id, special: special === true }));
  }

  /** Texts are the bytes of their tokens in a row; in other vocabularies words are joined by rules. */
  get #spellsBytes(): boolean {
    const { decoder } = this.#json;
    return (
      isByteLevel(this.#json) || ['ByteFallback', 'Metaspace'].some((type) => findStep(decoder, type) !== undefined)
    );
  }

  get #addsSpace(): boolean {
    const { decoder } = this.#json;
    const metaspace = findStep(decoder, 'Metaspace');
    if (metaspace !== undefined) return metaspace['prepend_scheme'] !== 'never';
    const strip = findStep(decoder, 'Strip');
    return strip?.['content'] === ' ' && strip['start'] === 1;
  }

  #bytesOf(id: number): Uint8Array {
    const { bytes, offsets } = this.table;
    return bytes.subarray(offsets[id] ?? 0, offsets[id + 1] ?? 0);
  }

  #split(text: string, parseSpecial: boolean): string[] {
    const names = [...this.#special.values()];
    const isPlain = parseSpecial || !names.some((name) => text.includes(name));
    return (isPlain ? this.#tokenizer : this.#plainTokenizer()).tokenize(text, { add_special_tokens: false });
  }

  #plainTokenizer(): TokenizerParts {
    const added = this.#json.added_tokens.filter((token) => token.special !== true);
    this.#plain ??= open({ ...this.#json, added_tokens: added }, this.#config);
    return this.#plain;
  }

  #around(tokens: string[], pair: string[] | null): { tokens: string[]; token_type_ids?: number[] } {
    const { post_processor: process } = this.#tokenizer;
    return process === null ? { tokens: [...tokens, ...(pair ?? [])] } : process(tokens, pair, true);
  }

  #ids(tokens: readonly string[]): number[] {
    const unknown = this.#tokenizer.model.unk_token_id;
    return tokens.flatMap((token) => this.#tokenizer.token_to_id(token) ?? unknown ?? []);
  }

  #cut(tokens: string[], length: number): string[] {
    return this.#cutsLeft ? tokens.slice(tokens.length - length) : tokens.slice(0, length);
  }
}

function tooLong(tokens: number, maxLength: number): InfernoError {
  const message = `The input has ${String(tokens)} tokens, but the model takes at most ${String(maxLength)}.`;
  return new InfernoError('context_length_exceeded', message, {
    remedy: 'Shorten the input, or ask for it to be cut.',
  });
}
