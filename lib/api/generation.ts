import type { CallerTrace } from '../errors.js';
import { GenerationState } from './generation-state.js';
import type { TokenSink, TokenStream } from './token-sink.js';
import type { GenerationPart, GenerationResult, QueuePosition } from './types.js';

/** Generations whose handle is gone are cancelled, unless somebody awaits them. */
const abandoned = new FinalizationRegistry<GenerationState>((state) => {
  state.abandon();
});

/**
 * A running generation. Iterate it for the text as it comes, await it for the whole, or both:
 *
 * ```ts
 * for await (const part of model.chat(messages)) process.stdout.write(part.text);
 * const { text, usage } = await model.complete('Once upon a time');
 * ```
 *
 * It runs from its creation on. Leaving a `for await` early cancels it. A reader that lags 1,000 tokens behind pauses it
 * until it has caught up; one that is awaited never pauses. A failure is thrown to the reader, after the text that came
 * before it, and to whoever awaits.
 */
export class Generation implements AsyncIterable<GenerationPart>, PromiseLike<GenerationResult> {
  readonly #state: GenerationState;

  /** @internal Made by `Model.chat` and `Model.complete`. */
  constructor(submit: (sink: TokenSink) => TokenStream, signal: AbortSignal | undefined, trace: CallerTrace) {
    this.#state = new GenerationState(trace);
    this.#state.start(submit, signal);
    abandoned.register(this, this.#state);
  }

  /**
   * The whole, once it has ended: `stopReason` says how, `cancelled` included. Rejects with an `InfernoError` when it
   * failed (`context_length_exceeded`, `invalid_chat_template`, `invalid_grammar`, `empty_prompt`,
   * `deadline_exceeded`, `decode_failed` and others), and with `signal.reason` as soon as its signal aborts.
   */
  get result(): Promise<GenerationResult> {
    return this.#state.result;
  }

  /** Where it stands in its model's queue and when it is expected to start; undefined once it has ended. */
  position(): QueuePosition | undefined {
    return this.#state.position();
  }

  /** Ends it with the reason `cancelled` and the text so far. Idempotent; does nothing once it has ended. */
  cancel(): void {
    this.#state.cancel();
  }

  /** Makes `await generation` the same as `await generation.result`. */
  then<A = GenerationResult, B = never>(
    onFulfilled?: ((result: GenerationResult) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#state.result.then(onFulfilled, onRejected);
  }

  /** @throws TypeError when it is iterated twice. */
  [Symbol.asyncIterator](): AsyncIterableIterator<GenerationPart, undefined> {
    this.#state.beginReading();
    // The functions hold `this`, so that a generation being read is not taken for abandoned.
    return {
      next: () => this.#state.read(),
      return: () => {
        this.#state.endReading();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}
