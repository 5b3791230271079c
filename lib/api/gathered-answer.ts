import type { ToolCall } from './types.js';
import type { AnswerDelta } from './token-sink.js';

/** What an answer brought beside its text, put together from its pieces. */
export class GatheredAnswer {
  reasoning = '';
  readonly #calls: { id: string; name: string; arguments: string }[] = [];

  get toolCalls(): readonly ToolCall[] {
    return this.#calls;
  }

  add(delta: AnswerDelta): void {
    if (delta.kind === 'reasoning') {
      this.reasoning += delta.text;
    } else if (delta.kind === 'call') {
      this.#calls[delta.call] = { id: delta.id, name: delta.name, arguments: '' };
    } else {
      const call = this.#calls[delta.call];
      if (call !== undefined) call.arguments += delta.text;
    }
  }
}
