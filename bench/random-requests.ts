/** Requests of random words and lengths, all different, so that no server finds one's prompt in another's cache. */
import type { LoadRequest } from '../lib/bench/load/transport.js';
import { SeededRandom } from '../lib/bench/seeded-random.js';
import { randomWords } from './prompts.js';

export interface Lengths {
  readonly least: number;
  readonly most: number;
}

/** The same for the same seed. */
export function randomRequests(count: number, words: Lengths, tokens: Lengths, seed: number): LoadRequest[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => ({
    prompt: randomWords(random.integer(words.least, words.most), random).join(' '),
    maxTokens: random.integer(tokens.least, tokens.most),
  }));
}
