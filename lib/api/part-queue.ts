import type { GenerationPart, TokenLogprob } from './types.js';

/** Beyond this many waiting parts, new text joins the last one: a slow reader gets fewer, larger parts. */
const maxWaiting = 16;

interface GrowingPart {
  text: string;
  tokens: number;
  logprobs?: TokenLogprob[];
}

/** Parts that nobody has read yet, in order. */
export class PartQueue {
  readonly #parts: GrowingPart[] = [];
  #tokens = 0;

  /** Of all waiting parts. */
  get tokens(): number {
    return this.#tokens;
  }

  push(text: string, tokens: number, logprobs: readonly TokenLogprob[] | undefined): void {
    this.#tokens += tokens;
    const last = this.#parts.length < maxWaiting ? undefined : this.#parts.at(-1);
    if (last === undefined) {
      this.#parts.push(logprobs === undefined ? { text, tokens } : { text, tokens, logprobs: [...logprobs] });
      return;
    }
    last.text += text;
    last.tokens += tokens;
    if (logprobs !== undefined) (last.logprobs ??= []).push(...logprobs);
  }

  shift(): GenerationPart | undefined {
    const part = this.#parts.shift();
    if (part !== undefined) this.#tokens -= part.tokens;
    return part;
  }

  clear(): void {
    this.#parts.length = 0;
    this.#tokens = 0;
  }
}
