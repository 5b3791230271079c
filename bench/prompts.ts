/** What the models are asked. Random weights do not mind; the lengths matter. */
import { SeededRandom } from '../lib/bench/seeded-random.js';

/** One short word each, all different, so that no server finds one's prompt in another's cache. */
const openings = [
  ...[
    'Once',
    'The',
    'When',
    'One',
    'After',
    'All',
    'My',
    'In',
    'From',
    'Two',
    'Where',
    'How',
    'Our',
    'New',
    'For',
    'At',
  ],
];

export function openingOf(stream: number): string {
  return openings[stream % openings.length] ?? '';
}

/** Words that the usual vocabularies hold whole. */
const words = 'the time of a day and in his way to be at that place with one more little house by water'.split(' ');

/** The tokens of these words, a blank before each, in the vocabulary of all models here but stories260K and ember. */
export const wordTokens = [
  ...[278, 931, 310, 263, 2462, 322, 297, 670, 982, 304, 367],
  ...[472, 393, 2058, 411, 697, 901, 2217, 3699, 491, 4094],
];

/** This many words in which no long stretch comes twice; the same for the same state of `random`. */
export function randomWords(count: number, random: SeededRandom): string[] {
  return Array.from({ length: count }, () => words[random.integer(0, words.length - 1)] ?? '');
}

export function longText(count: number, seed = 1): string {
  return randomWords(count, new SeededRandom(seed)).join(' ');
}
