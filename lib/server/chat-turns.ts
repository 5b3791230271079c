import type { ChatMessage } from '../api/types.js';
import type { ChatCompletionBody } from './schemas/chat-completions.js';

/** Messages as templates take them: a content, if only null, and nothing else that is null. */
export function chatTurns(messages: ChatCompletionBody['messages']): ChatMessage[] {
  return messages.map(({ role, content, ...rest }) => ({
    role,
    content: content ?? null,
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value != null)),
  }));
}
