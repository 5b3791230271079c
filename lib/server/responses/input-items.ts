/** What a response is asked with, item by item, as it is kept and shown, and the chat that the engine knows. */
import { z } from 'zod';
import { randomSuffix } from '../request-id.js';
import { arrayOf, checkItems, text } from '../schemas/fields.js';
import type { Message } from '../schemas/messages.js';
import { writtenAs } from '../schemas/written-as.js';

const string = z.string({ error: 'a string' });
const id = z
  .string({ error: 'an id' })
  .min(1, { error: 'an id' })
  .max(256, { error: 'an id of at most 256 characters' });
const contentError =
  'a content part of type "input_text", "output_text" or "refusal" (this server takes no images, audio or files)';
const contentPart = z.discriminatedUnion(
  'type',
  [
    z.object({ type: z.literal('input_text'), text: string }),
    z.object({ type: z.literal('output_text'), text: string }),
    z.object({ type: z.literal('refusal'), refusal: string }),
  ],
  { error: contentError },
);

type ContentPart = z.infer<typeof contentPart>;

const content = writtenAs(
  z.union([z.string(), z.array(contentPart)]),
  z.unknown().transform((value, context): string | ContentPart[] => {
    if (typeof value === 'string') return value;
    return checkItems(value, contentPart, { error: 'a string or an array of content parts' }, context);
  }),
);

const roleError = '"user", "assistant", "system" or "developer"';
const message = z.object({
  type: z.literal('message'),
  id: text,
  role: z.enum(['user', 'assistant', 'system', 'developer'], { error: roleError }),
  content,
});
const functionCall = z.object({
  type: z.literal('function_call'),
  id: text,
  call_id: id,
  name: z
    .string({ error: 'a name' })
    .regex(/^[\w.:-]{1,128}$/u, { error: 'a name of up to 128 letters, digits, _ . : -' }),
  arguments: z.string({ error: 'a string of JSON' }),
});
const functionCallOutput = z.object({
  type: z.literal('function_call_output'),
  id: text,
  call_id: id,
  output: content,
});
const reasoningText = z.object({ type: z.string(), text: string }, { error: 'an object with a text' });
const reasoning = z.object({
  type: z.literal('reasoning'),
  id: text,
  content: arrayOf(reasoningText, { error: 'an array' }).nullish(),
  summary: arrayOf(reasoningText, { error: 'an array' }).nullish(),
});
const reference = z.object({ type: z.literal('item_reference'), id });

const itemError = 'an item of type "message", "function_call", "function_call_output", "reasoning" or "item_reference"';
const anyItem = z.discriminatedUnion('type', [message, functionCall, functionCallOutput, reasoning, reference], {
  error: itemError,
});

/** As it is sent: a message may leave out that it is one, and a reference its type. */
const sentForm = z.union([
  message.extend({ type: z.literal('message').nullish() }),
  functionCall,
  functionCallOutput,
  reasoning,
  reference.extend({ type: z.literal('item_reference').nullish() }),
]);

export const inputItem = writtenAs(
  sentForm,
  z.preprocess((value) => {
    if (typeof value !== 'object' || value === null || ('type' in value && value.type != null)) return value;
    if ('role' in value) return { ...value, type: 'message' };
    return 'id' in value ? { ...value, type: 'item_reference' } : value;
  }, anyItem),
);

export type SentItem = z.infer<typeof anyItem>;
/** One that stands for itself. */
export type InputItem = Exclude<SentItem, { type: 'item_reference' }>;

export function textItem(input: string): InputItem {
  return { type: 'message', id: undefined, role: 'user', content: input };
}

/** What the answers of this server are made of, as items of the next question. */
export function itemsOfOutput(outputJson: string): InputItem[] {
  return z
    .array(anyItem)
    .parse(JSON.parse(outputJson))
    .filter((item): item is InputItem => item.type !== 'item_reference');
}

function textOf(parts: string | readonly ContentPart[]): string {
  if (typeof parts === 'string') return parts;
  return parts.map((part) => (part.type === 'refusal' ? part.refusal : part.text)).join('');
}

function thoughtsOf({ content: texts, summary }: z.infer<typeof reasoning>): string {
  const said = texts != null && texts.length > 0 ? texts : (summary ?? []);
  return said.map((part) => part.text).join('\n');
}

type Assistant = Message & { role: 'assistant' };

function emptyAssistant(): Assistant {
  return { role: 'assistant', content: null };
}

/** Reasoning, text and calls that follow each other are one turn of the assistant. */
class Conversation {
  readonly messages: Message[] = [];
  #turn: Assistant | undefined;

  add(item: InputItem): void {
    switch (item.type) {
      case 'message':
        this.#addMessage(item);
        break;
      case 'function_call': {
        const turn = this.#assistant();
        const call = { name: item.name, arguments: item.arguments };
        turn.tool_calls = [...(turn.tool_calls ?? []), { id: item.call_id, type: 'function', function: call }];
        break;
      }
      case 'function_call_output':
        this.#push({ role: 'tool', tool_call_id: item.call_id, content: textOf(item.output) });
        break;
      case 'reasoning': {
        const thoughts = thoughtsOf(item);
        if (thoughts !== '') this.#assistant().reasoning_content = thoughts;
      }
    }
  }

  #addMessage({ role, content: said }: Extract<InputItem, { type: 'message' }>): void {
    if (role !== 'assistant') {
      this.#push({ role, content: textOf(said) });
      return;
    }
    // A second text, or one after calls, is another turn.
    const hasSpoken = this.#turn !== undefined && (this.#turn.content !== null || this.#turn.tool_calls !== undefined);
    if (hasSpoken) this.#turn = undefined;
    this.#assistant().content = textOf(said);
  }

  #push(message: Message): void {
    this.#turn = undefined;
    this.messages.push(message);
  }

  #assistant(): Assistant {
    if (this.#turn === undefined) {
      this.#turn = emptyAssistant();
      this.messages.push(this.#turn);
    }
    return this.#turn;
  }
}

export function messagesOf(items: readonly InputItem[]): Message[] {
  const conversation = new Conversation();
  for (const item of items) conversation.add(item);
  return conversation.messages.map((message) =>
    message.role === 'assistant' && message.content === null && message.tool_calls === undefined
      ? { ...message, content: '' }
      : message,
  );
}

/** As GET /v1/responses/{id}/input_items shows it. */
export function shownItem(item: InputItem): Record<string, unknown> {
  const status = 'completed';
  switch (item.type) {
    case 'message': {
      const type = item.role === 'assistant' ? 'output_text' : 'input_text';
      const empty = type === 'output_text' ? { annotations: [], logprobs: [] } : {};
      const parts =
        typeof item.content === 'string'
          ? [{ type, text: item.content, ...empty }]
          : item.content.map((part) =>
              part.type === 'output_text' ? { ...part, annotations: [], logprobs: [] } : part,
            );
      return { ...item, id: item.id ?? `msg_${randomSuffix()}`, status, content: parts };
    }
    case 'function_call':
      return { ...item, id: item.id ?? `fc_${randomSuffix()}`, status };
    case 'function_call_output':
      return { ...item, id: item.id ?? `fc_${randomSuffix()}`, status };
    case 'reasoning':
      return {
        ...item,
        id: item.id ?? `rs_${randomSuffix()}`,
        summary: item.summary ?? [],
        content: item.content ?? [],
      };
  }
}
