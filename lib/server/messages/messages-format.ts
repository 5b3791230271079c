/** Anthropic's `message`, streamed as named events and whole. One choice. `text` is JSON-escaped, as in every format. */
import type { AnswerDelta, GenerationEnd } from '../../api/token-sink.js';
import { noUsage } from '../answer-format.js';
import type { AnswerFormat, AnswerUsage, FinishReason, WholeChoice } from '../answer-format.js';
import type { ErrorReply } from '../error-response.js';
import type { ServedModel } from '../model-catalog.js';
import { randomSuffix } from '../request-id.js';
import { messagesErrorJson } from './error-json.js';

/** Engine and parser name calls in their own way where the model does not. */
type BlockKind = 'text' | 'thinking' | 'tool_use';

function event(name: string, fields: string): string {
  return `event: ${name}\ndata: {"type":"${name}"${fields}}\n\n`;
}

function stopFields(reason: FinishReason, { stopSequence }: GenerationEnd): string {
  const why = {
    stop: stopSequence === undefined ? 'end_turn' : 'stop_sequence',
    length: 'max_tokens',
    tool_calls: 'tool_use',
  };
  return `"stop_reason":"${why[reason]}","stop_sequence":${JSON.stringify(stopSequence ?? null)}`;
}

/** Cached tokens are counted beside the others here, not among them. */
function usageJson({ promptTokens, cachedTokens, completionTokens }: AnswerUsage): string {
  return (
    `{"input_tokens":${String(promptTokens - cachedTokens)},"cache_creation_input_tokens":0,` +
    `"cache_read_input_tokens":${String(cachedTokens)},"output_tokens":${String(completionTokens)},` +
    `"service_tier":"standard"}`
  );
}

/** The object that a call's escaped arguments are; an empty one when it was cut off inside. */
function inputJson(escaped: string): string {
  try {
    const value: unknown = JSON.parse(JSON.parse(`"${escaped}"`) as string);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? JSON.stringify(value) : '{}';
  } catch {
    return '{}';
  }
}

export class MessagesFormat implements AnswerFormat {
  readonly #requestId: string;
  readonly #start: string;
  /** The block that is open, and its index. */
  #open: BlockKind | undefined;
  #index = -1;
  /** Of the last choice's end, for the event that also has the usage. */
  #stop = '';

  constructor(served: ServedModel, requestId: string) {
    this.#requestId = requestId;
    this.#start = `"id":"msg_${randomSuffix()}","type":"message","role":"assistant","model":${JSON.stringify(served.id)}`;
  }

  opening(): string {
    const message = `{${this.#start},"content":[],"stop_reason":null,"stop_sequence":null,"usage":${usageJson(noUsage())}}`;
    return event('message_start', `,"message":${message}`) + event('ping', '');
  }

  text(_index: number, text: string): string {
    return this.#enter('text', '"text":""') + this.#delta(`"type":"text_delta","text":"${text}"`);
  }

  /** Anthropic's API has no log probabilities. */
  textWithLogprobs(index: number, text: string): string {
    return this.text(index, text);
  }

  delta(_index: number, delta: AnswerDelta): string {
    if (delta.kind === 'reasoning') {
      const start = this.#enter('thinking', '"thinking":"","signature":""');
      return start + this.#delta(`"type":"thinking_delta","thinking":"${delta.text}"`);
    }
    if (delta.kind === 'arguments') return this.#delta(`"type":"input_json_delta","partial_json":"${delta.text}"`);
    // Two calls in a row are two blocks.
    const close = this.#leave();
    return close + this.#enter('tool_use', `"id":${JSON.stringify(delta.id)},"name":"${delta.name}","input":{}`);
  }

  finish(_index: number, reason: FinishReason, end: GenerationEnd): string {
    this.#stop = stopFields(reason, end);
    return this.#leave();
  }

  closing(usage: AnswerUsage | undefined): string {
    const counted = usage === undefined ? '' : `,"usage":${usageJson(usage)}`;
    return event('message_delta', `,"delta":{${this.#stop}}${counted}`) + event('message_stop', '');
  }

  failure(reply: ErrorReply): string {
    return `event: error\ndata: ${messagesErrorJson(reply, this.#requestId)}\n\n`;
  }

  whole([choice]: readonly WholeChoice[], usage: AnswerUsage): string {
    if (choice === undefined) throw new RangeError('A message needs a choice.');
    const { text, reasoning, toolCalls, finishReason, end } = choice;
    const content = [
      ...(reasoning === '' ? [] : [`{"type":"thinking","thinking":"${reasoning}","signature":""}`]),
      ...(text === '' ? [] : [`{"type":"text","text":"${text}","citations":null}`]),
      ...toolCalls.map(
        (call) =>
          `{"type":"tool_use","id":${JSON.stringify(call.id)},"name":"${call.name}","input":${inputJson(call.arguments)}}`,
      ),
    ];
    return `{${this.#start},"content":[${content.join(',')}],${stopFields(finishReason, end)},"usage":${usageJson(usage)}}`;
  }

  #enter(kind: BlockKind, fields: string): string {
    if (this.#open === kind) return '';
    const close = this.#leave();
    this.#open = kind;
    this.#index++;
    const block = `{"type":"${kind}",${fields}}`;
    return close + event('content_block_start', `,"index":${String(this.#index)},"content_block":${block}`);
  }

  #leave(): string {
    if (this.#open === undefined) return '';
    this.#open = undefined;
    return event('content_block_stop', `,"index":${String(this.#index)}`);
  }

  #delta(fields: string): string {
    return event('content_block_delta', `,"index":${String(this.#index)},"delta":{${fields}}`);
  }
}
