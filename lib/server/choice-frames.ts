import type { AnswerDelta } from '../api/token-sink.js';
import type { TokenLogprob } from '../api/types.js';
import type { AnswerFormat } from './answer-format.js';

/** Complete parts of one choice, and the tokens that they complete. */
export interface Frames {
  readonly parts: string;
  readonly tokens: number;
}

/** What text belongs to: the answer, what was thought, or the arguments of the call with that number. */
type Kind = 'text' | 'reasoning' | number;

/**
 * Makes the parts of one choice out of what the engine says. Text of one kind becomes one part, at the latest when it
 * has `maxTokens` tokens; what has fewer waits, as `isOpen` says, for more or for `complete`.
 */
export class ChoiceFrames {
  readonly #format: AnswerFormat;
  readonly #index: number;
  readonly #maxTokens: number;
  /** Text with logprobs of several tokens may be one part. */
  readonly #joinsLogprobs: boolean;
  #parts = '';
  /** Of the complete parts. */
  #tokens = 0;
  #kind: Kind = 'text';
  #text = '';
  #logprobs: TokenLogprob[] = [];
  #openTokens = 0;
  #hasOpen = false;
  #completed = 0;
  /** Characters of the tokens reported with logprobs. */
  #offset = 0;

  /** `maxTokens`: undefined for as many as come. */
  constructor(format: AnswerFormat, index: number, maxTokens: number | undefined) {
    this.#format = format;
    this.#index = index;
    this.#maxTokens = maxTokens ?? Infinity;
    this.#joinsLogprobs = maxTokens !== undefined;
  }

  /** There is text that is in no part yet. */
  get isOpen(): boolean {
    return this.#hasOpen;
  }

  get hasParts(): boolean {
    return this.#parts !== '';
  }

  /** How many parts of text were completed: while it is the same, what is open began then, too. */
  get completed(): number {
    return this.#completed;
  }

  /** What stands before the first text. */
  begin(): void {
    this.#parts += this.#format.opening(this.#index);
  }

  text(text: string, tokens: number, logprobs: readonly TokenLogprob[] | undefined): void {
    this.#add('text', text, tokens, logprobs);
  }

  delta(delta: AnswerDelta, tokens: number, logprobs: readonly TokenLogprob[] | undefined): void {
    if (delta.kind === 'call') {
      this.complete();
      this.#parts += this.#format.delta(this.#index, delta, logprobs);
      this.#tokens += tokens;
      return;
    }
    this.#add(delta.kind === 'reasoning' ? 'reasoning' : delta.call, delta.text, tokens, logprobs);
  }

  /** What is open becomes a part. */
  complete(): void {
    if (!this.#hasOpen) return;
    this.#parts += this.#part();
    for (const { token } of this.#kind === 'text' ? this.#logprobs : []) this.#offset += token.length;
    this.#tokens += this.#openTokens;
    this.#text = '';
    if (this.#logprobs.length > 0) this.#logprobs = [];
    this.#openTokens = 0;
    this.#hasOpen = false;
    this.#completed++;
  }

  /** The complete parts. */
  take(): Frames {
    const taken = { parts: this.#parts, tokens: this.#tokens };
    this.#parts = '';
    this.#tokens = 0;
    return taken;
  }

  #add(kind: Kind, text: string, tokens: number, logprobs: readonly TokenLogprob[] | undefined): void {
    const hasLogprobs = logprobs !== undefined && logprobs.length > 0;
    const stands = !this.#joinsLogprobs && (hasLogprobs || kind !== 'text');
    if (stands || kind !== this.#kind || this.#openTokens + tokens > this.#maxTokens) this.complete();
    // Tokens whose text is not there yet come with the next text.
    if (text === '' && !hasLogprobs) {
      this.#tokens += tokens;
      return;
    }
    this.#hasOpen = true;
    this.#kind = kind;
    this.#text += text;
    this.#openTokens += tokens;
    if (hasLogprobs) this.#logprobs.push(...logprobs);
    if (stands || this.#openTokens >= this.#maxTokens) this.complete();
  }

  #part(): string {
    const { kind, text, logprobs } = { kind: this.#kind, text: this.#text, logprobs: this.#logprobs };
    const seen = logprobs.length === 0 ? undefined : logprobs;
    if (kind === 'reasoning') return this.#format.delta(this.#index, { kind, text }, seen);
    if (kind !== 'text') return this.#format.delta(this.#index, { kind: 'arguments', call: kind, text }, seen);
    if (seen === undefined) return this.#format.text(this.#index, text);
    return this.#format.textWithLogprobs(this.#index, text, seen, this.#offset);
  }
}
