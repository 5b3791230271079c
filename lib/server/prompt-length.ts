import { InfernoError } from '../errors.js';
import type { Message } from './schemas/messages.js';
import type { Prompt } from './schemas/prompts.js';
import { charactersPerToken, leastCharacters } from './schemas/text-length.js';

/**
 * What cannot fit is refused before it is rendered and tokenized, which takes seconds for some megabytes. Exact counts
 * are the engine's.
 */

interface Sized {
  /** 0 where there is no context. */
  readonly contextSize: number;
}

function tooLong(contextSize: number, what: string): InfernoError {
  const size = contextSize.toLocaleString('en');
  return new InfernoError('context_length_exceeded', `${what}; the context of this model has ${size} tokens.`);
}

function requireRoom(characters: number, { contextSize }: Sized): void {
  if (contextSize === 0 || characters <= Math.max(leastCharacters, contextSize * charactersPerToken)) return;
  throw tooLong(contextSize, `The prompt has ${characters.toLocaleString('en')} characters`);
}

function charactersOf({ content }: Message): number {
  if (typeof content === 'string') return content.length;
  return (content ?? []).reduce((sum, part) => sum + part.text.length, 0);
}

/**
 * Thoughts and calls are not counted: templates leave out some of them.
 * @throws InfernoError `context_length_exceeded`.
 */
export function requireRoomForChat(messages: readonly Message[], sized: Sized, toolsJson = ''): void {
  const { contextSize } = sized;
  // Each says a role, which is a token at least.
  if (contextSize > 0 && messages.length > contextSize) {
    throw tooLong(contextSize, `The conversation has ${messages.length.toLocaleString('en')} messages`);
  }
  const characters = messages.reduce((sum, message) => sum + charactersOf(message), toolsJson.length);
  requireRoom(characters, sized);
}

/** @throws InfernoError `context_length_exceeded`. */
export function requireRoomForPrompts(prompts: readonly Prompt[], sized: Sized): void {
  for (const prompt of prompts) if (typeof prompt === 'string') requireRoom(prompt.length, sized);
}
