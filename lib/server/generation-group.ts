import type { GenerationEnd, TokenSink, TokenStream } from '../api/token-sink.js';
import type { QueuePosition } from '../api/types.js';
import type { NativeGenerationRequest } from '../native-types.js';
import type { AnswerTarget } from './answer-target.js';
import { AnswerTimer } from './answer-timer.js';
import { noUsage } from './answer-format.js';
import type { AnswerFormat, AnswerUsage, FinishReason } from './answer-format.js';
import { errorReply, failureReply, thrownReply } from './error-response.js';
import type { ErrorReply } from './error-response.js';
import type { ExchangeWork } from './exchange-work.js';
import type { ServedModel } from './model-catalog.js';
import type { QueueLoad } from './queue-load.js';

/** What a request asks of the engine: one generation per choice, and how to write the answer. */
export interface GenerationPlan {
  readonly served: ServedModel;
  /** By choice index. */
  readonly requests: readonly NativeGenerationRequest[];
  /** Neighbouring choices that share a prompt; its tokens are counted once. */
  readonly choicesPerPrompt: number;
  /** Only so many choices of each prompt are sent, those with the likeliest tokens. Not streamed. */
  readonly best?: { readonly keptPerPrompt: number; readonly showLogprobs: boolean };
  readonly format: AnswerFormat;
}

/** How one choice came out; `failed` when the whole answer is an error (already reported). */
export type ChoiceOutcome = { readonly reason: FinishReason; readonly isLast: boolean } | 'failed';

const states: readonly QueuePosition['state'][] = ['running', 'parked', 'waiting', 'preparing', 'held'];

/** Which the events on their way will say. */
const allEnded: QueuePosition = { state: 'running', position: 0, etaMs: 0, answeredTokens: 0, computedTokens: 0 };

function isFurther(a: QueuePosition, b: QueuePosition): boolean {
  if (a.state !== b.state) return states.indexOf(a.state) < states.indexOf(b.state);
  return a.position < b.position;
}

/** The generations of one answer, started, paused and cancelled together. One that fails ends the others. */
export class GenerationGroup implements ExchangeWork {
  readonly usage: AnswerUsage = noUsage();
  readonly #exchange: AnswerTarget;
  readonly #plan: GenerationPlan;
  readonly #streams: TokenStream[] = [];
  readonly #load: QueueLoad;
  readonly #timer: AnswerTimer;
  readonly #failLate: (reply: ErrorReply) => void;
  #remaining: number;
  #failed = false;
  #isPaused = false;

  /** `failLate`: called when it takes too long, at most once, and nothing more comes then. */
  constructor(exchange: AnswerTarget, plan: GenerationPlan, failLate: (reply: ErrorReply) => void) {
    this.#exchange = exchange;
    this.#plan = plan;
    this.#remaining = plan.requests.length;
    this.#load = exchange.context.admission.loadOf(plan.served.model);
    this.#timer = new AnswerTimer(exchange.context.limits);
    this.#failLate = failLate;
  }

  /** Submits everything, or answers with the error that prevents it. */
  start(sinkFor: (index: number) => TokenSink): void {
    const { trace } = this.#exchange;
    const { exchanges } = this.#exchange.context;
    this.#exchange.setWork(this);
    this.#exchange.record?.follow(this.#plan.served.id, () => this.#position());
    try {
      for (const [index, request] of this.#plan.requests.entries()) {
        const sink = sinkFor(index);
        const seen = trace === undefined ? sink : trace.watch(index, request, this.#plan, sink);
        this.#streams.push(this.#plan.served.model.submit(request, seen));
        this.#exchange.recorder?.submitted();
        trace?.submitted();
        this.#plan.served.begin();
        exchanges.generations++;
        this.#load.generations++;
      }
    } catch (thrown) {
      this.#exchange.sendError(thrownReply(thrown));
    }
  }

  /** To be called once by each choice's sink when it has ended. Calls `fail` at most once, for the first failure. */
  ended(index: number, end: GenerationEnd, fail: (reply: ErrorReply) => void): ChoiceOutcome {
    this.#exchange.context.exchanges.generations--;
    this.#load.generations--;
    this.#plan.served.end();
    this.#exchange.recorder?.generationEnded(end);
    if (this.#failed || !this.#exchange.isOpen) return 'failed';
    const { stopReason, usage, timings, error } = end;
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
    this.usage.reasoningTokens += usage.reasoningTokens;
    this.usage.draftedTokens += usage.draftedTokens;
    this.usage.acceptedTokens += usage.acceptedTokens;
    this.usage.prefillMs = Math.max(this.usage.prefillMs, timings.prefillMs);
    this.usage.decodeMs = Math.max(this.usage.decodeMs, timings.decodeMs);
    this.#remaining--;
    if (this.#remaining === 0) this.#exchange.record?.settle('done');
    const reason = stopReason === 'stop' && end.toolCalls > 0 ? 'tool_calls' : stopReason;
    return { reason, isLast: this.#remaining === 0 };
  }

  cancel(): void {
    for (const stream of this.#streams) stream.cancel();
  }

  /** To be called now and then while somebody waits for the answer. */
  sweep(now: number): void {
    if (this.#failed || this.#remaining === 0) return;
    const reply = this.#timer.overdue(now, this.#streams, this.#isPaused);
    if (reply === undefined) return;
    this.#failed = true;
    this.cancel();
    this.#failLate(reply);
  }

  pause(): void {
    this.#isPaused = true;
    for (const stream of this.#streams) stream.pause();
  }

  resume(): void {
    this.#isPaused = false;
    for (const stream of this.#streams) stream.resume();
  }

  /** Of the choice that is furthest. */
  #position(): QueuePosition {
    const positions = this.#streams.flatMap((stream) => stream.position() ?? []);
    const [first, ...others] = positions;
    if (first === undefined) return allEnded;
    return others.reduce((best, next) => (isFurther(next, best) ? next : best), first);
  }

  /** Our own cancelling comes after the exchange has closed, so this one came from the model or the server ending. */
  #cancelledReply(): ErrorReply {
    if (this.#exchange.context.exchanges.closing) return errorReply('shutting_down', 'The server is shutting down.');
    return errorReply('model_unloaded', 'The model was unloaded before the answer was complete.');
  }
}
