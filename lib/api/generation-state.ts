import { failureFrom } from '../errors.js';
import type { CallerTrace } from '../errors.js';
import { onAbort } from './abort.js';
import { GatheredAnswer } from './gathered-answer.js';
import { PartQueue } from './part-queue.js';
import type { AnswerDelta, GenerationEnd, TokenSink, TokenStream } from './token-sink.js';
import type { GenerationPart, GenerationResult, QueuePosition, TokenLogprob } from './types.js';

/** A reader that lags more tokens than this behind pauses its own sequence … */
const pauseAboveTokens = 1000;
/** … until fewer than this many are unread. */
const resumeBelowTokens = 250;

type Outcome =
  | { readonly kind: 'finished'; readonly result: GenerationResult }
  | { readonly kind: 'failed'; readonly reason: unknown };

interface Waiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

type ReadResult = IteratorResult<GenerationPart, undefined>;
const done: ReadResult = { done: true, value: undefined };

/**
 * What a generation has produced and who waits for it. The engine's events keep this object alive until the end; it does
 * not hold the user's `Generation`, so that one that nobody holds any more can be noticed.
 */
export class GenerationState implements TokenSink {
  readonly #trace: CallerTrace;
  readonly #parts = new PartQueue();
  readonly #readers: Waiter<ReadResult>[] = [];
  #text = '';
  #gathered: GatheredAnswer | undefined;
  #logprobs: TokenLogprob[] | undefined;
  #outcome: Outcome | undefined;
  #stream: TokenStream | undefined;
  #result: Promise<GenerationResult> | undefined;
  #awaiting: Waiter<GenerationResult> | undefined;
  #releaseSignal: (() => void) | undefined;
  #isRead = false;
  /** The reader left: parts have no taker any more. */
  #readingEnded = false;
  #isPaused = false;

  constructor(trace: CallerTrace) {
    this.#trace = trace;
  }

  /** Starts it, unless the signal has aborted already. */
  start(submit: (sink: TokenSink) => TokenStream, signal: AbortSignal | undefined): void {
    if (signal?.aborted === true) {
      this.#outcome = { kind: 'failed', reason: signal.reason };
      return;
    }
    this.#stream = submit(this);
    if (signal === undefined) return;
    this.#releaseSignal = onAbort(signal, () => {
      this.#abort(signal.reason);
    });
  }

  /** Whoever awaits gets the end, so from here on nothing pauses it. */
  get result(): Promise<GenerationResult> {
    if (this.#result !== undefined) return this.#result;
    this.#result = new Promise((resolve, reject) => {
      this.#awaiting = { resolve, reject };
    });
    // Somebody who only iterates sees a failure there; what is chained to this promise is still reported.
    this.#result.catch(() => undefined);
    if (this.#outcome !== undefined) this.#settle(this.#outcome);
    this.#resume();
    return this.#result;
  }

  /** @throws TypeError at the second call: the parts have one reader. */
  beginReading(): void {
    if (this.#isRead) throw new TypeError('A generation can be iterated once; await it for the whole text.');
    this.#isRead = true;
    this.#pauseIfFarBehind();
  }

  /** Not an async function: that would cost three more turns of the microtask queue for every part. */
  read(): Promise<ReadResult> {
    const part = this.#parts.shift();
    if (part !== undefined) {
      if (this.#parts.tokens < resumeBelowTokens) this.#resume();
      return Promise.resolve({ done: false, value: part });
    }
    if (this.#readingEnded) return Promise.resolve(done);
    if (this.#outcome !== undefined) return this.#readEnd(this.#outcome);
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject });
    });
  }

  /** The reader has left early. */
  endReading(): void {
    this.#stopReading();
    this.cancel();
  }

  position(): QueuePosition | undefined {
    return this.#outcome === undefined ? this.#stream?.position() : undefined;
  }

  cancel(): void {
    if (this.#outcome === undefined) this.#stream?.cancel();
  }

  /** The user's handle was collected: without anybody who awaits or reads, the rest has no taker. */
  abandon(): void {
    if (this.#result === undefined && this.#readers.length === 0) this.cancel();
  }

  onText(text: string, tokens: number, logprobs: readonly TokenLogprob[] | undefined): void {
    if (this.#outcome !== undefined) return;
    this.#text += text;
    if (logprobs !== undefined) (this.#logprobs ??= []).push(...logprobs);
    this.#deliver(logprobs === undefined ? { text, tokens } : { text, tokens, logprobs });
  }

  onDelta(delta: AnswerDelta, tokens: number, logprobs: readonly TokenLogprob[] | undefined): void {
    if (this.#outcome !== undefined) return;
    (this.#gathered ??= new GatheredAnswer()).add(delta);
    if (logprobs !== undefined) (this.#logprobs ??= []).push(...logprobs);
    const beside = logprobs === undefined ? {} : { logprobs };
    if (delta.kind === 'reasoning') {
      this.#deliver({ text: '', reasoning: delta.text, tokens, ...beside });
      return;
    }
    const { call } = delta;
    const piece =
      delta.kind === 'call' ? { call, id: delta.id, name: delta.name, arguments: '' } : { call, arguments: delta.text };
    this.#deliver({ text: '', toolCalls: [piece], tokens, ...beside });
  }

  onEnd(end: GenerationEnd): void {
    const { error, toolCalls, stopReason, stopSequence, usage, timings } = end;
    if (error !== undefined) {
      this.#finish({ kind: 'failed', reason: failureFrom(error, this.#trace) });
      return;
    }
    const logprobs = this.#logprobs === undefined ? {} : { logprobs: this.#logprobs };
    const reasoning = this.#gathered?.reasoning ?? '';
    const beside = {
      ...(stopSequence === undefined ? {} : { stopSequence }),
      ...(reasoning === '' ? {} : { reasoning }),
      ...(toolCalls === 0 ? {} : { toolCalls: this.#gathered?.toolCalls ?? [] }),
      ...logprobs,
    };
    this.#finish({ kind: 'finished', result: { text: this.#text, stopReason, usage, timings, ...beside } });
  }

  #deliver(part: GenerationPart): void {
    if (this.#readingEnded) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader.resolve({ done: false, value: part });
      return;
    }
    this.#parts.push(part);
    this.#pauseIfFarBehind();
  }

  /** At once, for the caller; the sequence is free within a step. What was not read is of no interest any more. */
  #abort(reason: unknown): void {
    this.cancel();
    this.#parts.clear();
    this.#finish({ kind: 'failed', reason });
  }

  #finish(outcome: Outcome): void {
    // The end that the engine sends after an abort.
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    this.#releaseSignal?.();
    this.#releaseSignal = undefined;
    const [first, ...others] = this.#readers.splice(0);
    if (first !== undefined) this.#readEnd(outcome).then(first.resolve, first.reject);
    for (const reader of others) reader.resolve(done);
    this.#settle(outcome);
  }

  /** A failure is thrown once; after it the iteration is over. */
  async #readEnd(outcome: Outcome): Promise<ReadResult> {
    this.#readingEnded = true;
    if (outcome.kind === 'failed') throw outcome.reason;
    return Promise.resolve(done);
  }

  #settle(outcome: Outcome): void {
    if (outcome.kind === 'finished') this.#awaiting?.resolve(outcome.result);
    else this.#awaiting?.reject(outcome.reason);
  }

  #stopReading(): void {
    this.#readingEnded = true;
    this.#parts.clear();
    for (const reader of this.#readers.splice(0)) reader.resolve(done);
  }

  #pauseIfFarBehind(): void {
    const isBehind = this.#isRead && this.#result === undefined && this.#parts.tokens > pauseAboveTokens;
    if (!isBehind || this.#isPaused || this.#outcome !== undefined) return;
    this.#isPaused = true;
    this.#stream?.pause();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#stream?.resume();
  }
}
