import type { TokenLogprob } from '../api/types.js';
import { usageJson } from './answer-format.js';
import type { AnswerFormat, AnswerUsage, FinishReason, PartFraming, WholeChoice } from './answer-format.js';
import type { ServedModel } from './model-catalog.js';
import { randomSuffix } from './request-id.js';

interface ChoiceParts {
  readonly open: string;
  readonly beforeText: string;
}

function entryJson(entry: Omit<TokenLogprob, 'top'>): Record<string, unknown> {
  return { token: entry.token, logprob: entry.logprob, bytes: entry.bytes };
}

function logprobsJson(logprobs: readonly TokenLogprob[] | undefined): string {
  if (logprobs === undefined) return 'null';
  const content = logprobs.map((entry) => ({ ...entryJson(entry), top_logprobs: entry.top.map(entryJson) }));
  return JSON.stringify({ content, refusal: null });
}

/** `chat.completion` and `chat.completion.chunk`. */
export class ChatFormat implements AnswerFormat {
  readonly #identity: string;
  readonly #eventStart: string;
  readonly #eventEnd: string;
  readonly #afterText: string;
  readonly #choices: ChoiceParts[] = [];
  readonly #framing: PartFraming;

  constructor(served: ServedModel, choices: number, includeUsage: boolean, framing: PartFraming) {
    this.#framing = framing;
    const id = `chatcmpl-${randomSuffix()}`;
    const created = String(Math.floor(Date.now() / 1000));
    this.#identity = `"created":${created},"model":${JSON.stringify(served.id)},"system_fingerprint":"${served.fingerprint}"`;
    this.#eventStart = `${framing.before}{"id":"${id}","object":"chat.completion.chunk",${this.#identity},"choices":[`;
    this.#eventEnd = includeUsage ? `],"usage":null}${framing.after}` : `]}${framing.after}`;
    this.#afterText = `"},"logprobs":null,"finish_reason":null}${this.#eventEnd}`;
    this.#identity = `"id":"${id}","object":"chat.completion",${this.#identity}`;
    for (let index = 0; index < choices; index++) {
      const open = `${this.#eventStart}{"index":${String(index)},"delta":{`;
      this.#choices.push({ open, beforeText: `${open}"content":"` });
    }
  }

  opening(index: number): string {
    return `${this.#parts(index).open}"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}${this.#eventEnd}`;
  }

  text(index: number, text: string): string {
    return this.#parts(index).beforeText + text + this.#afterText;
  }

  textWithLogprobs(index: number, text: string, logprobs: readonly TokenLogprob[]): string {
    return `${this.#parts(index).beforeText}${text}"},"logprobs":${logprobsJson(logprobs)},"finish_reason":null}${this.#eventEnd}`;
  }

  finish(index: number, reason: FinishReason): string {
    return `${this.#parts(index).open}},"logprobs":null,"finish_reason":"${reason}"}${this.#eventEnd}`;
  }

  closing(usage: AnswerUsage | undefined): string {
    const { after, done } = this.#framing;
    return usage === undefined ? done : `${this.#eventStart}],"usage":${usageJson(usage)}}${after}${done}`;
  }

  whole(choices: readonly WholeChoice[], usage: AnswerUsage): string {
    const list = choices.map(
      ({ index, text, logprobs, finishReason }) =>
        `{"index":${String(index)},"message":{"role":"assistant","content":"${text}","refusal":null},` +
        `"logprobs":${logprobsJson(logprobs)},"finish_reason":"${finishReason}"}`,
    );
    return `{${this.#identity},"choices":[${list.join(',')}],"usage":${usageJson(usage)}}`;
  }

  #parts(index: number): ChoiceParts {
    const parts = this.#choices[index];
    if (parts === undefined) throw new RangeError(`There is no choice ${String(index)}.`);
    return parts;
  }
}
