/** Reading request bodies: JSON alone, and with the schema and the rules between fields. */
import type { Bench } from 'tinybench';
import { chatCompletionBody, chatCompletionRules } from '../../lib/server/schemas/chat-completions.js';
import { completionBody, completionRules } from '../../lib/server/schemas/completions.js';
import { parseBody } from '../../lib/server/schemas/parse-body.js';
import { longText } from '../prompts.js';

const common = { max_tokens: 64, temperature: 0.7, top_p: 0.9, stream: true, stream_options: { include_usage: true } };
const question = { messages: [{ role: 'user', content: longText(20) }], ...common };
const conversation = {
  messages: Array.from({ length: 40 }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: longText(100, index),
  })),
  ...common,
};
const wrong = { ...question, temperature: 9, top_p: 'high', max_tokens: 0 };

export function addValidation(bench: Bench): void {
  for (const [name, body] of [
    ['a question', question],
    ['40 messages', conversation],
    ['three mistakes', wrong],
  ] as const) {
    const json = JSON.stringify(body);
    bench.add(`chat body, ${name}: JSON alone`, () => {
      JSON.parse(json);
    });
    bench.add(`chat body, ${name}: validated`, () => {
      parseBody(chatCompletionBody, chatCompletionRules, JSON.parse(json));
    });
  }
  const json = JSON.stringify({ prompt: longText(20), ...common });
  bench.add('completion body: validated', () => {
    parseBody(completionBody, completionRules, JSON.parse(json));
  });
}
