/**
 * Prompts of a number of tokens, all different from their first word on, so that no prefix cache knows them. How many words
 * make so many tokens depends on the vocabulary; it is measured once and is right to a few percent from then on.
 */
import { SeededRandom } from '../seeded-random.js';

/** Words that the usual vocabularies hold whole. */
const words = 'the time of a day and in his way to be at that place with one more little house by water'.split(' ');
/** Enough for a ratio, and little for any context. */
export const probeWords = 40;

export function randomText(count: number, seed: number): string {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => words[random.integer(0, words.length - 1)] ?? '').join(' ');
}

/** Tokens of a text of `probeWords` random words, and of one of twice as many: the difference is without frame. */
export interface Calibration {
  readonly once: number;
  readonly twice: number;
}

export class PromptMaker {
  readonly #tokensPerWord: number;
  /** What a chat template or a start token adds to every prompt. */
  readonly #frame: number;
  #made = 0;

  constructor({ once, twice }: Calibration) {
    this.#tokensPerWord = Math.max(0.5, (twice - once) / probeWords);
    this.#frame = Math.max(0, once - this.#tokensPerWord * probeWords);
  }

  /** The n-th prompt has another beginning than every other one. */
  unlike(tokens: number): string {
    const seed = ++this.#made;
    return `${seed.toString(36)} ${randomText(this.#wordsFor(tokens - 2), seed)}`;
  }

  /** Three quarters of it are the same for every call, as with a system message. */
  alike(tokens: number): string {
    const shared = Math.floor(tokens * 0.75);
    return `${randomText(this.#wordsFor(shared), 0)} ${this.unlike(tokens - shared + this.#frame)}`;
  }

  #wordsFor(tokens: number): number {
    return Math.max(1, Math.round((tokens - this.#frame) / this.#tokensPerWord));
  }
}
