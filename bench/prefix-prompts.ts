/** Prompts with long beginnings in common, and how many of their tokens are unique. */
import { randomWords } from './prompts.js';
import { SeededRandom } from '../lib/bench/seeded-random.js';

/** Also the number of its tokens: each word is one. */
export type Words = readonly string[];

const endingWords = 12;
/** What the vocabulary puts in front of every prompt. */
const openingTokens = 1;

/** `count` prompts with the same beginning of this many tokens. */
export function promptsWithOnePrefix(count: number, prefixTokens: number, seed: number): Words[] {
  return promptsWithManyPrefixes({ prefixes: 1, rounds: count, prefixTokens, seed });
}

export interface ManyPrefixes {
  readonly prefixes: number;
  /** Each round has every prefix once, in an order of its own. */
  readonly rounds: number;
  readonly prefixTokens: number;
  readonly seed: number;
}

/** No two prompts are the same: each has an ending of its own. */
export function promptsWithManyPrefixes({ prefixes, rounds, prefixTokens, seed }: ManyPrefixes): Words[] {
  const random = new SeededRandom(seed);
  const beginnings = Array.from({ length: prefixes }, () => randomWords(prefixTokens - openingTokens, random));
  const inOrder = Array.from({ length: rounds }, () => random.shuffled(beginnings)).flat();
  return inOrder.map((beginning) => [...beginning, ...randomWords(endingWords, random)]);
}

function commonLength(a: Words, b: Words): number {
  const different = a.findIndex((word, index) => word !== b[index]);
  return different < 0 ? a.length : different;
}

export function tokensOfPrompt(prompt: Words): number {
  return openingTokens + prompt.length;
}

/** What a server must compute that computes no beginning twice. */
export function uniqueTokens(prompts: readonly Words[]): number {
  // In alphabetic order the neighbour has the longest beginning in common; a blank sorts before every letter.
  const sorted = [...prompts].sort((a, b) => (a.join(' ') < b.join(' ') ? -1 : 1));
  return sorted.reduce((sum, prompt, index) => {
    return sum + prompt.length - commonLength(prompt, sorted[index - 1] ?? []);
  }, openingTokens);
}
