import type { GenerationEnd, TokenSink } from '../api/token-sink.js';
import type { TokenLogprob } from '../api/types.js';

/** Stands before a generation's sink, to see its end, and its text if that is wanted. */
export class WatchedSink implements TokenSink {
  readonly #sink: TokenSink;
  readonly #onEnd: (end: GenerationEnd, text: string | undefined) => void;
  readonly #mostCharacters: number;
  #text = '';

  /** Keeps the first `mostCharacters` of the text; 0: none. */
  constructor(sink: TokenSink, mostCharacters: number, onEnd: (end: GenerationEnd, text: string | undefined) => void) {
    this.#sink = sink;
    this.#mostCharacters = mostCharacters;
    this.#onEnd = onEnd;
  }

  onText(text: string, tokens: number, logprobs: readonly TokenLogprob[] | undefined): void {
    if (this.#text.length < this.#mostCharacters) this.#text += text;
    this.#sink.onText(text, tokens, logprobs);
  }

  onEnd(end: GenerationEnd): void {
    // First: what the sink does with it may end the request.
    this.#onEnd(end, this.#mostCharacters === 0 ? undefined : this.#text);
    this.#sink.onEnd(end);
  }

  onFlush(): void {
    this.#sink.onFlush?.();
  }
}
