import type { AnswerDelta } from '../api/token-sink.js';
import type { TokenLogprob } from '../api/types.js';
import { endFields } from './answer-format.js';
import type { AnswerFormat, AnswerUsage, FinishReason, PartFraming, WholeChoice } from './answer-format.js';
import { logprobEntries } from './logprobs-json.js';
import type { ServedModel } from './model-catalog.js';
import { randomSuffix } from './request-id.js';

interface ChoiceParts {
  readonly open: string;
  readonly beforeText: string;
}

function logprobsJson(logprobs: readonly TokenLogprob[] | undefined): string {
  return logprobs === undefined ? 'null' : JSON.stringify({ content: logprobEntries(logprobs), refusal: null });
}

function toolCallJson(id: string, name: string, callArguments: string): string {
  return `"id":${JSON.stringify(id)},"type":"function","function":{"name":"${name}","arguments":"${callArguments}"}`;
}

/** The inside of a chunk's `delta`. */
function deltaJson(delta: AnswerDelta): string {
  if (delta.kind === 'reasoning') return `"reasoning_content":"${delta.text}"`;
  const call =
    delta.kind === 'call' ? toolCallJson(delta.id, delta.name, '') : `"function":{"arguments":"${delta.text}"}`;
  return `"tool_calls":[{"index":${String(delta.call)},${call}}]`;
}

/** The `message` of a choice that is sent whole. */
function messageJson({ text, reasoning, toolCalls }: WholeChoice): string {
  const content = text === '' && toolCalls.length > 0 ? 'null' : `"${text}"`;
  const thoughts = reasoning === '' ? '' : `"reasoning_content":"${reasoning}",`;
  const list = toolCalls.map((call) => `{${toolCallJson(call.id, call.name, call.arguments)}}`);
  const calls = list.length === 0 ? '' : `,"tool_calls":[${list.join(',')}]`;
  return `{"role":"assistant","content":${content},${thoughts}"refusal":null${calls}}`;
}

/** `chat.completion` and `chat.completion.chunk`. */
export class ChatFormat implements AnswerFormat {
  readonly #identity: string;
  readonly #eventStart: string;
  readonly #eventEnd: string;
  readonly #afterText: string;
  readonly #choices: ChoiceParts[] = [];
  readonly #framing: PartFraming;

  constructor(served: ServedModel, choices: number, includeUsage: boolean, framing: PartFraming, serviceTier?: string) {
    this.#framing = framing;
    const id = `chatcmpl-${randomSuffix()}`;
    const created = String(Math.floor(Date.now() / 1000));
    const tier = serviceTier === undefined ? '' : `,"service_tier":"${serviceTier}"`;
    this.#identity = `"created":${created},"model":${JSON.stringify(served.id)},"system_fingerprint":"${served.fingerprint}"${tier}`;
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

  delta(index: number, delta: AnswerDelta, logprobs: readonly TokenLogprob[] | undefined): string {
    return `${this.#parts(index).open}${deltaJson(delta)}},"logprobs":${logprobsJson(logprobs)},"finish_reason":null}${this.#eventEnd}`;
  }

  finish(index: number, reason: FinishReason): string {
    return `${this.#parts(index).open}},"logprobs":null,"finish_reason":"${reason}"}${this.#eventEnd}`;
  }

  closing(usage: AnswerUsage | undefined): string {
    const { after, done } = this.#framing;
    return usage === undefined
      ? done
      : `${this.#eventStart}],${endFields(usage, this.#choices.length)}}${after}${done}`;
  }

  whole(choices: readonly WholeChoice[], usage: AnswerUsage): string {
    const list = choices.map(
      (choice) =>
        `{"index":${String(choice.index)},"message":${messageJson(choice)},` +
        `"logprobs":${logprobsJson(choice.logprobs)},"finish_reason":"${choice.finishReason}"}`,
    );
    return `{${this.#identity},"choices":[${list.join(',')}],${endFields(usage, this.#choices.length)}}`;
  }

  #parts(index: number): ChoiceParts {
    const parts = this.#choices[index];
    if (parts === undefined) throw new RangeError(`There is no choice ${String(index)}.`);
    return parts;
  }
}
