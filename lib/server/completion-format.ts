import type { TokenLogprob } from '../api/types.js';
import { endFields } from './answer-format.js';
import type { AnswerFormat, AnswerUsage, FinishReason, PartFraming, WholeChoice } from './answer-format.js';
import type { ServedModel } from './model-catalog.js';
import { randomSuffix } from './request-id.js';

function logprobsJson(logprobs: readonly TokenLogprob[] | undefined, offset: number): string {
  if (logprobs === undefined) return 'null';
  const tokens: string[] = [];
  const textOffset: number[] = [];
  for (const { token } of logprobs) {
    tokens.push(token);
    textOffset.push(offset);
    offset += token.length;
  }
  return JSON.stringify({
    tokens,
    token_logprobs: logprobs.map((entry) => entry.logprob),
    top_logprobs: logprobs.map((entry) => Object.fromEntries(entry.top.map((top) => [top.token, top.logprob]))),
    text_offset: textOffset,
  });
}

/** `text_completion`, streamed and whole. */
export class CompletionFormat implements AnswerFormat {
  readonly #start: string;
  readonly #eventEnd: string;
  readonly #beforeText: string;
  /** By choice. */
  readonly #afterText: string[] = [];
  readonly #echoes: readonly string[];
  readonly #framing: PartFraming;

  /** `echoes`: by choice, the JSON-escaped prompt that precedes its text; empty when not asked for. */
  constructor(
    served: ServedModel,
    choices: number,
    includeUsage: boolean,
    framing: PartFraming,
    echoes: readonly string[],
  ) {
    this.#framing = framing;
    const created = String(Math.floor(Date.now() / 1000));
    this.#start =
      `{"id":"cmpl-${randomSuffix()}","object":"text_completion","created":${created},` +
      `"model":${JSON.stringify(served.id)},"system_fingerprint":"${served.fingerprint}","choices":[`;
    this.#eventEnd = includeUsage ? `],"usage":null}${framing.after}` : `]}${framing.after}`;
    this.#beforeText = `${framing.before}${this.#start}{"text":"`;
    this.#echoes = echoes;
    for (let index = 0; index < choices; index++) {
      this.#afterText.push(`","index":${String(index)},"logprobs":null,"finish_reason":null}${this.#eventEnd}`);
    }
  }

  opening(index: number): string {
    const echo = this.#echoes[index];
    return echo === undefined ? '' : this.text(index, echo);
  }

  text(index: number, text: string): string {
    return this.#beforeText + text + (this.#afterText[index] ?? '');
  }

  textWithLogprobs(index: number, text: string, logprobs: readonly TokenLogprob[], offset: number): string {
    return `${this.#beforeText}${text}","index":${String(index)},"logprobs":${logprobsJson(logprobs, offset)},"finish_reason":null}${this.#eventEnd}`;
  }

  /** A text completion neither thinks nor calls. */
  delta(): string {
    return '';
  }

  finish(index: number, reason: FinishReason): string {
    return `${this.#beforeText}","index":${String(index)},"logprobs":null,"finish_reason":"${reason}"}${this.#eventEnd}`;
  }

  closing(usage: AnswerUsage | undefined): string {
    const { before, after, done } = this.#framing;
    return usage === undefined
      ? done
      : `${before}${this.#start}],${endFields(usage, this.#afterText.length)}}${after}${done}`;
  }

  whole(choices: readonly WholeChoice[], usage: AnswerUsage): string {
    const list = choices.map(({ index, text, logprobs, finishReason }) => {
      const echo = this.#echoes[index] ?? '';
      return (
        `{"text":"${echo}${text}","index":${String(index)},` +
        `"logprobs":${logprobsJson(logprobs, 0)},"finish_reason":"${finishReason}"}`
      );
    });
    return `${this.#start}${list.join(',')}],${endFields(usage, this.#afterText.length)}}`;
  }
}
