/** What the models are asked. Random weights do not mind; the lengths matter. */

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

/** A text of this many words in which no long stretch comes twice. */
export function longText(count: number): string {
  let state = 1;
  const chosen = Array.from({ length: count }, () => {
    state = (state * 48271) % 0x7fffffff;
    return words[state % words.length] ?? '';
  });
  return chosen.join(' ');
}
