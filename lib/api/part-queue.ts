import type { GenerationPart, TokenLogprob, ToolCallPart } from './types.js';

/** Beyond this many waiting parts, new text joins the last one: a slow reader gets fewer, larger parts. */
const maxWaiting = 16;

interface GrowingPart {
  text: string;
  tokens: number;
  reasoning?: string;
  toolCalls?: ToolCallPart[];
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

  push(part: GenerationPart): void {
    this.#tokens += part.tokens;
    const last = this.#parts.length < maxWaiting ? undefined : this.#parts.at(-1);
    if (last === undefined) {
      const { toolCalls, logprobs, ...rest } = part;
      this.#parts.push({
        ...rest,
        ...(toolCalls === undefined ? {} : { toolCalls: [...toolCalls] }),
        ...(logprobs === undefined ? {} : { logprobs: [...logprobs] }),
      });
      return;
    }
    last.text += part.text;
    last.tokens += part.tokens;
    if (part.reasoning !== undefined) last.reasoning = (last.reasoning ?? '') + part.reasoning;
    if (part.toolCalls !== undefined) (last.toolCalls ??= []).push(...part.toolCalls);
    if (part.logprobs !== undefined) (last.logprobs ??= []).push(...part.logprobs);
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
