import { z } from 'zod';
import { flag, text } from './fields.js';
import { isTokens } from './prompts.js';

/** Tokenizing runs on the JS thread; this much takes some ten milliseconds. */
const mostCharacters = 256 * 1024;
const contentError = `a string of at most ${mostCharacters.toLocaleString('en')} characters`;

/** Body of POST /tokenize, with the names of llama-server. */
export const tokenizeBody = z.object(
  {
    content: z.string({ error: contentError }).max(mostCharacters, { error: contentError }),
    add_special: flag,
    parse_special: flag,
    with_pieces: flag,
    model: text,
  },
  { error: 'a JSON object' },
);

export type TokenizeBody = z.infer<typeof tokenizeBody>;

const tokensError = `an array of at most ${mostCharacters.toLocaleString('en')} token ids`;

function isTokenList(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= mostCharacters && (value.length === 0 || isTokens(value));
}

/** Body of POST /detokenize, with the names of llama-server. */
export const detokenizeBody = z.object(
  { tokens: z.custom<number[]>(isTokenList, { error: tokensError }), model: text },
  { error: 'a JSON object' },
);

export type DetokenizeBody = z.infer<typeof detokenizeBody>;
