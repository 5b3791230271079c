import type { GenerationEnd, TokenSink } from '../api/token-sink.js';
import type { TokenLogprob } from '../api/types.js';
import type { AnswerFormat } from './answer-format.js';
import type { EventStream } from './event-stream.js';
import type { Exchange } from './exchange.js';
import { GenerationGroup } from './generation-group.js';
import type { GenerationPlan } from './generation-group.js';

/** One choice of a streamed answer. What arrives in one wake goes out as one event, in one write. */
class StreamedChoice implements TokenSink {
  readonly #answer: StreamedAnswer;
  readonly #format: AnswerFormat;
  readonly #index: number;
  /** Text of this wake that is not in an event yet. */
  #text = '';
  /** Complete events of this wake, before `#text`. */
  #events = '';
  #opened = false;
  #end: GenerationEnd | undefined;
  /** Characters of the tokens reported with logprobs. */
  #offset = 0;

  constructor(answer: StreamedAnswer, format: AnswerFormat, index: number) {
    this.#answer = answer;
    this.#format = format;
    this.#index = index;
  }

  onText(text: string, _tokens: number, logprobs: readonly TokenLogprob[] | undefined): void {
    if (!this.#opened) {
      this.#opened = true;
      this.#events = this.#format.opening(this.#index);
    }
    if (logprobs === undefined || logprobs.length === 0) {
      this.#text += text;
      return;
    }
    this.#frameText();
    this.#events += this.#format.textWithLogprobs(this.#index, text, logprobs, this.#offset);
    for (const { token } of logprobs) this.#offset += token.length;
  }

  onEnd(end: GenerationEnd): void {
    this.#end = end;
  }

  onFlush(): void {
    this.#frameText();
    const events = this.#events;
    this.#events = '';
    if (this.#end !== undefined) this.#answer.choiceEnded(this.#index, this.#end, this.#opened, events);
    else if (events !== '') this.#answer.write(events);
  }

  #frameText(): void {
    if (this.#text === '') return;
    this.#events += this.#format.text(this.#index, this.#text);
    this.#text = '';
  }
}

/** An answer sent as server-sent events while it is generated. */
export class StreamedAnswer {
  readonly #plan: GenerationPlan;
  readonly #includeUsage: boolean;
  readonly #group: GenerationGroup;
  readonly #stream: EventStream;

  /** REQUIRES: the exchange is registered and nothing has been sent. */
  constructor(exchange: Exchange, plan: GenerationPlan, includeUsage: boolean) {
    this.#plan = plan;
    this.#includeUsage = includeUsage;
    this.#group = new GenerationGroup(exchange, plan);
    this.#stream = exchange.openEventStream();
    this.#group.start((index) => new StreamedChoice(this, plan.format, index));
  }

  write(events: string): void {
    this.#stream.write(events);
  }

  choiceEnded(index: number, end: GenerationEnd, opened: boolean, events: string): void {
    const outcome = this.#group.ended(index, end, (reply) => {
      if (events !== '' && this.#stream.headSent) this.#stream.write(events);
      this.#stream.fail(reply);
    });
    if (outcome === 'failed') return;
    const { format } = this.#plan;
    const last = (opened ? events : format.opening(index)) + format.finish(index, outcome.reason);
    if (outcome.isLast) this.#stream.end(last + format.closing(this.#includeUsage ? this.#group.usage : undefined));
    else this.#stream.write(last);
  }
}
