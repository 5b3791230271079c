import type { AnswerDelta, GenerationEnd, TokenSink } from '../api/token-sink.js';
import type { TokenLogprob } from '../api/types.js';
import type { AnswerFormat } from './answer-format.js';
import { ChoiceFrames } from './choice-frames.js';
import type { Frames } from './choice-frames.js';
import type { FrameBatching } from './frame-batching.js';

/** Whom the frames of a choice go to. */
export interface FrameTaker {
  write(frames: Frames): void;
  /** `opened`: something was said before its end. `frames`: the last ones. */
  choiceEnded(index: number, end: GenerationEnd, opened: boolean, frames: Frames): void;
}

/**
 * One choice of a streamed answer. What arrives in one wake goes out as one part, in one write; with batching a part has
 * so many tokens at most, and what comes after the first part waits until there are as many or its time is over.
 */
export class StreamedChoice implements TokenSink {
  readonly #taker: FrameTaker;
  readonly #index: number;
  readonly #frames: ChoiceFrames;
  readonly #batching: FrameBatching | undefined;
  #opened = false;
  #isFirst = true;
  #end: GenerationEnd | undefined;
  #stopTimer: (() => void) | undefined;
  /** What the timer is for: the text that was open when so many parts were complete. */
  #timedFor = -1;

  constructor(taker: FrameTaker, format: AnswerFormat, index: number, batching: FrameBatching | undefined) {
    this.#taker = taker;
    this.#index = index;
    this.#batching = batching;
    this.#frames = new ChoiceFrames(format, index, batching?.maxTokens);
  }

  onText(text: string, tokens: number, logprobs: readonly TokenLogprob[] | undefined): void {
    this.#open();
    this.#frames.text(text, tokens, logprobs);
  }

  onDelta(delta: AnswerDelta, tokens: number, logprobs: readonly TokenLogprob[] | undefined): void {
    this.#open();
    this.#frames.delta(delta, tokens, logprobs);
  }

  onEnd(end: GenerationEnd): void {
    this.#end = end;
  }

  onFlush(): void {
    const frames = this.#frames;
    if (this.#end !== undefined) {
      frames.complete();
      this.#stop();
      this.#taker.choiceEnded(this.#index, this.#end, this.#opened, frames.take());
      return;
    }
    // Somebody waits for the first token.
    if (this.#batching === undefined || this.#isFirst) frames.complete();
    this.#write();
    if (this.#batching === undefined || frames.completed === this.#timedFor) return;
    this.#stop();
    if (!frames.isOpen) return;
    this.#timedFor = frames.completed;
    this.#stopTimer = this.#batching.startTimer(this.#timeIsOver, this.#batching.maxDelayMs);
  }

  readonly #timeIsOver = (): void => {
    this.#stopTimer = undefined;
    this.#frames.complete();
    this.#write();
  };

  #write(): void {
    if (!this.#frames.hasParts) return;
    this.#isFirst = false;
    this.#taker.write(this.#frames.take());
  }

  #stop(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  #open(): void {
    if (this.#opened) return;
    this.#opened = true;
    this.#frames.begin();
  }
}
