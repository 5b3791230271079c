import type { GenerationEnd } from '../api/token-sink.js';
import type { FinishReason } from './answer-format.js';
import type { AnswerStream, AnswerTarget } from './answer-target.js';
import type { Frames } from './choice-frames.js';
import { GenerationGroup } from './generation-group.js';
import type { GenerationPlan } from './generation-group.js';
import { StreamedChoice } from './streamed-choice.js';
import type { FrameTaker } from './streamed-choice.js';

/** An answer sent while it is generated. */
export class StreamedAnswer implements FrameTaker {
  readonly #plan: GenerationPlan;
  readonly #includeUsage: boolean;
  readonly #group: GenerationGroup;
  readonly #stream: AnswerStream;
  #firstReason: FinishReason = 'stop';

  /** REQUIRES: the target is registered and nothing has been sent. `stream`: the target's. */
  constructor(target: AnswerTarget, stream: AnswerStream, plan: GenerationPlan, includeUsage: boolean) {
    this.#plan = plan;
    this.#includeUsage = includeUsage;
    this.#stream = stream;
    this.#group = new GenerationGroup(target, plan, (reply) => {
      stream.fail(reply);
    });
    const { format } = plan;
    if (format.failure !== undefined) stream.writeErrorsWith?.((reply) => format.failure?.(reply) ?? '');
    this.#group.start((index) => new StreamedChoice(this, format, index, target.frames));
  }

  write({ parts, tokens }: Frames): void {
    this.#stream.write(parts, tokens);
  }

  choiceEnded(index: number, end: GenerationEnd, opened: boolean, { parts, tokens }: Frames): void {
    const outcome = this.#group.ended(index, end, (reply) => {
      if (parts !== '' && this.#stream.hasStarted) this.#stream.write(parts, tokens);
      this.#stream.fail(reply);
    });
    if (outcome === 'failed') return;
    if (index === 0) this.#firstReason = outcome.reason;
    const { format } = this.#plan;
    const last = (opened ? parts : format.opening(index)) + format.finish(index, outcome.reason, end);
    if (!outcome.isLast) {
      this.#stream.write(last, tokens);
      return;
    }
    const { usage } = this.#group;
    const closing = format.closing(this.#includeUsage ? usage : undefined);
    this.#stream.end(last + closing, tokens, { usage, finishReason: this.#firstReason });
  }
}
