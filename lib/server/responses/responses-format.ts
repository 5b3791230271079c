/** OpenAI's `response`, streamed as typed events and whole. One choice. */
import type { AnswerDelta } from '../../api/token-sink.js';
import type { TokenLogprob } from '../../api/types.js';
import type { AnswerFormat, AnswerUsage, FinishReason, WholeChoice } from '../answer-format.js';
import type { ErrorReply } from '../error-response.js';
import { logprobEntries } from '../logprobs-json.js';
import { randomSuffix } from '../request-id.js';
import { callItem, messageItem, reasoningItem, reasoningPart, textPart, type ItemStatus } from './output-items.js';
import type { ResponseText } from './response-text.js';

/** An item that is being streamed. */
type OpenItem = { readonly id: string; text: string } & (
  | { readonly kind: 'message'; readonly logprobs: TokenLogprob[] }
  | { readonly kind: 'reasoning' }
  | { readonly kind: 'call'; readonly callId: string; readonly name: string }
);

const partTypes = { message: 'output_text', reasoning: 'reasoning_text' } as const;

function itemJson(item: OpenItem, status: ItemStatus): string {
  const { id, text } = item;
  if (item.kind === 'call') return callItem(id, status, { id: item.callId, name: item.name, arguments: text });
  const isBegun = status === 'in_progress';
  if (item.kind === 'reasoning') return reasoningItem(id, status, isBegun ? '' : reasoningPart(text));
  return messageItem(id, status, isBegun ? '' : textPart(text, item.logprobs));
}

function statusOf(reason: FinishReason): 'completed' | 'incomplete' {
  return reason === 'length' ? 'incomplete' : 'completed';
}

/** Called once with the JSON of an answer that has come to its end, and that of its items. */
export type OnResponse = (json: string, outputJson: string) => void;

export class ResponsesFormat implements AnswerFormat {
  readonly #response: ResponseText;
  readonly #onResponse: OnResponse;
  #sequence = 0;
  /** JSON of the items that are complete. */
  readonly #output: string[] = [];
  #item: OpenItem | undefined;
  #status: 'completed' | 'incomplete' = 'completed';

  constructor(response: ResponseText, onResponse: OnResponse) {
    this.#response = response;
    this.#onResponse = onResponse;
  }

  opening(): string {
    const response = this.#response.json({ status: 'in_progress', output: '' });
    return (
      this.#event('response.created', `"response":${response}`) +
      this.#event('response.in_progress', `"response":${response}`)
    );
  }

  text(index: number, text: string): string {
    return this.textWithLogprobs(index, text, []);
  }

  textWithLogprobs(_index: number, text: string, logprobs: readonly TokenLogprob[]): string {
    const start =
      this.#item?.kind === 'message'
        ? ''
        : this.#begin({ kind: 'message', id: `msg_${randomSuffix()}`, text: '', logprobs: [] });
    const item = this.#item;
    if (item?.kind !== 'message') return start;
    item.text += text;
    item.logprobs.push(...logprobs);
    return (
      start +
      this.#event(
        'response.output_text.delta',
        `${this.#place(item, true)},"delta":"${text}","logprobs":${JSON.stringify(logprobEntries(logprobs))}`,
      )
    );
  }

  delta(_index: number, delta: AnswerDelta): string {
    if (delta.kind === 'call') {
      const { id: callId, name } = delta;
      return this.#begin({ kind: 'call', id: `fc_${randomSuffix()}`, text: '', callId, name });
    }
    if (delta.kind === 'arguments') return this.#more('response.function_call_arguments.delta', delta.text, false);
    const start =
      this.#item?.kind === 'reasoning' ? '' : this.#begin({ kind: 'reasoning', id: `rs_${randomSuffix()}`, text: '' });
    return start + this.#more('response.reasoning_text.delta', delta.text, true);
  }

  finish(_index: number, reason: FinishReason): string {
    this.#status = statusOf(reason);
    return this.#end(this.#status);
  }

  closing(usage: AnswerUsage | undefined): string {
    const output = this.#output.join(',');
    const json = this.#response.json({ status: this.#status, output, ...(usage === undefined ? {} : { usage }) });
    this.#onResponse(json, `[${output}]`);
    return this.#event(`response.${this.#status}`, `"response":${json}`);
  }

  failure({ json }: ErrorReply): string {
    const { error } = JSON.parse(json) as { readonly error: { readonly message: string } };
    const items = this.#item === undefined ? this.#output : [...this.#output, itemJson(this.#item, 'incomplete')];
    const response = this.#response.json({ status: 'failed', output: items.join(','), error: error.message });
    return this.#event('response.failed', `"response":${response}`);
  }

  whole([choice]: readonly WholeChoice[], usage: AnswerUsage): string {
    if (choice === undefined) throw new RangeError('A response needs a choice.');
    const { text, reasoning, toolCalls, logprobs, finishReason } = choice;
    const status = statusOf(finishReason);
    const items = [
      ...(reasoning === '' ? [] : [reasoningItem(`rs_${randomSuffix()}`, 'completed', reasoningPart(reasoning))]),
      ...(text === ''
        ? []
        : [
            messageItem(
              `msg_${randomSuffix()}`,
              toolCalls.length === 0 ? status : 'completed',
              textPart(text, logprobs ?? []),
            ),
          ]),
      // Only the last one can have been cut off.
      ...toolCalls.map((call, index) =>
        callItem(`fc_${randomSuffix()}`, index === toolCalls.length - 1 ? status : 'completed', call),
      ),
    ];
    const output = items.join(',');
    const json = this.#response.json({ status, output, usage });
    this.#onResponse(json, `[${output}]`);
    return json;
  }

  #event(type: string, fields: string): string {
    return `event: ${type}\ndata: {"type":"${type}","sequence_number":${String(this.#sequence++)},${fields}}\n\n`;
  }

  /** Where an event belongs. */
  #place({ id }: OpenItem, hasContent: boolean): string {
    return `"item_id":"${id}","output_index":${String(this.#output.length)}${hasContent ? ',"content_index":0' : ''}`;
  }

  #begin(item: OpenItem): string {
    const end = this.#end('completed');
    this.#item = item;
    const added = this.#event(
      'response.output_item.added',
      `"output_index":${String(this.#output.length)},"item":${itemJson(item, 'in_progress')}`,
    );
    if (item.kind === 'call') return end + added;
    const part = item.kind === 'message' ? textPart('', []) : reasoningPart('');
    return end + added + this.#event('response.content_part.added', `${this.#place(item, true)},"part":${part}`);
  }

  #more(type: string, text: string, hasContent: boolean): string {
    const item = this.#item;
    if (item === undefined) return '';
    item.text += text;
    return this.#event(type, `${this.#place(item, hasContent)},"delta":"${text}"`);
  }

  #end(status: ItemStatus): string {
    const item = this.#item;
    if (item === undefined) return '';
    this.#item = undefined;
    const json = itemJson(item, status);
    const done =
      item.kind === 'call'
        ? this.#event(
            'response.function_call_arguments.done',
            `${this.#place(item, false)},"name":"${item.name}","arguments":"${item.text}"`,
          )
        : this.#contentDone(item);
    const itemDone = this.#event(
      'response.output_item.done',
      `"output_index":${String(this.#output.length)},"item":${json}`,
    );
    this.#output.push(json);
    return done + itemDone;
  }

  #contentDone(item: Exclude<OpenItem, { kind: 'call' }>): string {
    const logprobs = item.kind === 'message' ? `,"logprobs":${JSON.stringify(logprobEntries(item.logprobs))}` : '';
    const part = item.kind === 'message' ? textPart(item.text, item.logprobs) : reasoningPart(item.text);
    return (
      this.#event(
        `response.${partTypes[item.kind]}.done`,
        `${this.#place(item, true)},"text":"${item.text}"${logprobs}`,
      ) + this.#event('response.content_part.done', `${this.#place(item, true)},"part":${part}`)
    );
  }
}
