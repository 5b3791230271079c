import type { NativeGenerationRequest } from '../native-types.js';

/** Longer contents are cut: a span is no archive. */
export const mostCharacters = 64 * 1024;

interface Message {
  readonly role: string;
  readonly parts: readonly { readonly type: 'text'; readonly content: string }[];
}

function messageOf(role: string, content: string): Message {
  return { role, parts: [{ type: 'text', content }] };
}

function messagesOf({ messagesJson, prompt }: NativeGenerationRequest): Message[] {
  if (prompt !== undefined) return [messageOf('user', prompt)];
  if (messagesJson === undefined) return [];
  const messages = JSON.parse(messagesJson) as readonly { readonly role: string; readonly content?: unknown }[];
  return messages.map(({ role, content }) =>
    messageOf(role, typeof content === 'string' ? content : JSON.stringify(content ?? null)),
  );
}

/** JSON of `gen_ai.input.messages`; undefined for a prompt of token ids. */
export function inputMessages(request: NativeGenerationRequest): string | undefined {
  const messages = messagesOf(request);
  return messages.length === 0 ? undefined : JSON.stringify(messages).slice(0, mostCharacters);
}

/** Text that the engine escaped for a JSON string, of which the end may be cut off. */
function unescaped(text: string): string {
  const whole = text.replace(/\\(?:u[\da-f]{0,3})?$/iu, (tail, at: number) => {
    // A backslash that is itself escaped ends nothing.
    const before = /\\*$/u.exec(text.slice(0, at))?.[0].length ?? 0;
    return before % 2 === 1 ? tail : '';
  });
  return JSON.parse(`"${whole}"`) as string;
}

/** JSON of `gen_ai.output.messages`. */
export function outputMessages(
  choices: readonly { readonly text: string; readonly isEscaped: boolean; readonly finishReason: string }[],
): string {
  const messages = choices.map(({ text, isEscaped, finishReason }) => ({
    ...messageOf('assistant', isEscaped ? unescaped(text) : text),
    finish_reason: finishReason,
  }));
  return JSON.stringify(messages).slice(0, mostCharacters);
}
