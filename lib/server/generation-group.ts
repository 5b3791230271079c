import type { GenerationEnd, TokenSink, TokenStream } from '../api/token-sink.js';
import type { NativeGenerationRequest } from '../native-types.js';
import type { AnswerFormat, AnswerUsage, FinishReason } from './answer-format.js';
import { errorReply, failureReply, thrownReply } from './error-response.js';
import type { ErrorReply } from './error-response.js';
import type { Exchange, ExchangeWork } from './exchange.js';
import type { ServedModel } from './model-catalog.js';

/** What a request asks of the engine: one generation per choice, and how to write the answer. */
export interface GenerationPlan {
  readonly served: ServedModel;
  /** By choice index. */
  readonly requests: readonly NativeGenerationRequest[];
  /** Neighbouring choices that share a prompt; its tokens are counted once. */
  readonly choicesPerPrompt: number;
  readonly format: AnswerFormat;
}

/** How one choice came out; `failed` when the whole answer is an error (already reported). */
export type ChoiceOutcome = { readonly reason: FinishReason; readonly isLast: boolean } | 'failed';

/** The generations of one answer, started, paused and cancelled together. One that fails ends the others. */
export class GenerationGroup implements ExchangeWork {
  readonly usage: AnswerUsage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };
  readonly #exchange: Exchange;
  readonly #plan: GenerationPlan;
  readonly #streams: TokenStream[] = [];
  #remaining: number;
  #failed = false;

  constructor(exchange: Exchange, plan: GenerationPlan) {
    this.#exchange = exchange;
    this.#plan = plan;
    this.#remaining = plan.requests.length;
  }

  /** Submits everything, or answers with the error that prevents it. */
  start(sinkFor: (index: number) => TokenSink): void {
    const { exchanges, limits } = this.#exchange.context;
    if (exchanges.generations + this.#plan.requests.length > limits.maxGenerations) {
      this.#exchange.sendError(errorReply('queue_full', 'The server has as many generations as it accepts.'));
      return;
    }
    this.#exchange.setWork(this);
    try {
      for (const [index, request] of this.#plan.requests.entries()) {
        this.#streams.push(this.#plan.served.model.submit(request, sinkFor(index)));
        exchanges.generations++;
      }
    } catch (thrown) {
      this.#exchange.sendError(thrownReply(thrown));
    }
  }

  /** To be called once by each choice's sink when it has ended. Calls `fail` at most once, for the first failure. */
  ended(index: number, end: GenerationEnd, fail: (reply: ErrorReply) => void): ChoiceOutcome {
    this.#exchange.context.exchanges.generations--;
    if (this.#failed || !this.#exchange.isOpen) return 'failed';
    const { stopReason, usage, error } = end;
    if (stopReason === 'error' || stopReason === 'cancelled') {
      this.#failed = true;
      fail(stopReason === 'error' ? failureReply(error) : this.#cancelledReply());
      return 'failed';
    }
    if (index % this.#plan.choicesPerPrompt === 0) {
      this.usage.promptTokens += usage.promptTokens;
      this.usage.cachedTokens += usage.cachedTokens;
    }
    this.usage.completionTokens += usage.completionTokens;
    this.#remaining--;
    return { reason: stopReason, isLast: this.#remaining === 0 };
  }

  cancel(): void {
    for (const stream of this.#streams) stream.cancel();
  }

  pause(): void {
    for (const stream of this.#streams) stream.pause();
  }

  resume(): void {
    for (const stream of this.#streams) stream.resume();
  }

  /** Our own cancelling comes after the exchange has closed, so this one came from the model or the server ending. */
  #cancelledReply(): ErrorReply {
    if (this.#exchange.context.exchanges.closing) return errorReply('shutting_down', 'The server is shutting down.');
    return errorReply('model_unloaded', 'The model was unloaded before the answer was complete.');
  }
}
