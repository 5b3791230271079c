import type { AnswerDelta, GenerationEnd, TokenSink } from '../api/token-sink.js';
import type { TokenLogprob } from '../api/types.js';
import type { AnswerFormat, FinishReason } from './answer-format.js';
import type { AnswerStream, AnswerTarget } from './answer-target.js';
import { GenerationGroup } from './generation-group.js';
import type { GenerationPlan } from './generation-group.js';

/** What one wake brought of one choice. */
interface Wake {
  readonly parts: string;
  readonly tokens: number;
}

/** One choice of a streamed answer. What arrives in one wake goes out as one part, in one write. */
class StreamedChoice implements TokenSink {
  readonly #answer: StreamedAnswer;
  readonly #format: AnswerFormat;
  readonly #index: number;
  /** Text of this wake that is not in a part yet. */
  #text = '';
  /** Complete parts of this wake, before `#text`. */
  #parts = '';
  /** That this wake completed. */
  #tokens = 0;
  #opened = false;
  #end: GenerationEnd | undefined;
  /** Characters of the tokens reported with logprobs. */
  #offset = 0;

  constructor(answer: StreamedAnswer, format: AnswerFormat, index: number) {
    this.#answer = answer;
    this.#format = format;
    this.#index = index;
  }

  onText(text: string, tokens: number, logprobs: readonly TokenLogprob[] | undefined): void {
    this.#open(tokens);
    if (logprobs === undefined || logprobs.length === 0) {
      this.#text += text;
      return;
    }
    this.#frameText();
    this.#parts += this.#format.textWithLogprobs(this.#index, text, logprobs, this.#offset);
    for (const { token } of logprobs) this.#offset += token.length;
  }

  onDelta(delta: AnswerDelta, tokens: number, logprobs: readonly TokenLogprob[] | undefined): void {
    this.#open(tokens);
    this.#frameText();
    this.#parts += this.#format.delta(this.#index, delta, logprobs);
  }

  onEnd(end: GenerationEnd): void {
    this.#end = end;
  }

  onFlush(): void {
    this.#frameText();
    if (this.#parts === '' && this.#end === undefined) return;
    const wake = { parts: this.#parts, tokens: this.#tokens };
    this.#parts = '';
    this.#tokens = 0;
    if (this.#end !== undefined) this.#answer.choiceEnded(this.#index, this.#end, this.#opened, wake);
    else this.#answer.write(wake);
  }

  #open(tokens: number): void {
    this.#tokens += tokens;
    if (this.#opened) return;
    this.#opened = true;
    this.#parts = this.#format.opening(this.#index);
  }

  #frameText(): void {
    if (this.#text === '') return;
    this.#parts += this.#format.text(this.#index, this.#text);
    this.#text = '';
  }
}

/** An answer sent while it is generated. */
export class StreamedAnswer {
  readonly #plan: GenerationPlan;
  readonly #includeUsage: boolean;
  readonly #group: GenerationGroup;
  readonly #stream: AnswerStream;
  #firstReason: FinishReason = 'stop';

  /** REQUIRES: the target is registered and nothing has been sent. `stream`: the target's. */
  constructor(target: AnswerTarget, stream: AnswerStream, plan: GenerationPlan, includeUsage: boolean) {
    this.#plan = plan;
    this.#includeUsage = includeUsage;
    this.#group = new GenerationGroup(target, plan);
    this.#stream = stream;
    const { format } = plan;
    if (format.failure !== undefined) stream.writeErrorsWith?.((reply) => format.failure?.(reply) ?? '');
    this.#group.start((index) => new StreamedChoice(this, plan.format, index));
  }

  write({ parts, tokens }: Wake): void {
    this.#stream.write(parts, tokens);
  }

  choiceEnded(index: number, end: GenerationEnd, opened: boolean, { parts, tokens }: Wake): void {
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
