import type { Fault } from '../error-response.js';
import type { ServableModel } from '../model-catalog.js';
import type { MixedPrompt } from '../schemas/llama-completion.js';

/** Tokenizing texts that stand between token ids runs on the JS thread; this much takes some ten milliseconds. */
const mostCharacters = 256 * 1024;

/** As the engine wants it. */
export type EnginePrompt = { readonly prompt: string } | { readonly tokens: Int32Array };

/** What the schema cannot know: the vocabulary, and what tokenizing may cost. */
export function promptFaults(prompts: readonly MixedPrompt[], model: ServableModel): Fault[] {
  const { vocabularySize } = model.info;
  for (const prompt of prompts) {
    const unknown = prompt.find((part) => typeof part === 'number' && part >= vocabularySize);
    if (unknown !== undefined) {
      const message = `Expected token ids below ${String(vocabularySize)} for prompt but received ${String(unknown)}.`;
      return [{ param: 'prompt', message }];
    }
    const isMixed = prompt.length > 1 && prompt.some((part) => typeof part === 'string');
    if (!isMixed) continue;
    const characters = prompt.reduce<number>((sum, part) => sum + (typeof part === 'string' ? part.length : 0), 0);
    if (characters > mostCharacters || model.tokenize === undefined) {
      const message = `Expected at most ${mostCharacters.toLocaleString('en')} characters beside token ids for prompt.`;
      return [{ param: 'prompt', message }];
    }
  }
  return [];
}

/** The tokens of texts and ids in a row. The first part, if it is a text, gets what stands before every text (BOS). */
function tokensOf(prompt: MixedPrompt, model: ServableModel): Int32Array {
  const ids = prompt.flatMap((part, index) => {
    if (typeof part === 'number') return [part];
    return [...(model.tokenize?.(part, { addSpecial: index === 0, parseSpecial: true }) ?? [])];
  });
  return Int32Array.from(ids);
}

/** REQUIRES: no faults. A text alone is tokenized by the engine, not here. */
export function enginePrompt(prompt: MixedPrompt, model: ServableModel): EnginePrompt {
  const [first] = prompt;
  if (prompt.length === 1 && typeof first === 'string') return { prompt: first };
  return { tokens: tokensOf(prompt, model) };
}

/** The prompt as llama-server repeats it: with the names of its control tokens. Very long texts come back as sent. */
export function shownPrompt(prompt: EnginePrompt, model: ServableModel): string {
  const text = 'prompt' in prompt ? prompt.prompt : '';
  if (text.length > mostCharacters) return text;
  const ids = 'tokens' in prompt ? prompt.tokens : model.tokenize?.(text, { addSpecial: true, parseSpecial: true });
  const pieces = ids === undefined ? undefined : model.tokenBytes?.(ids);
  return pieces === undefined ? text : Buffer.concat(pieces).toString();
}
