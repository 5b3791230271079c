import { z } from 'zod';
import { flag, text } from './fields.js';
import { isTokens } from './prompts.js';
import { writtenAs } from './written-as.js';

/** Tokenizing runs on the JS thread; this much takes some ten milliseconds. */
const mostCharacters = 256 * 1024;
const contentError = `a string of at most ${mostCharacters.toLocaleString('en')} characters`;

/** Body of POST /tokenize, with the names of llama-server. */
export const tokenizeBody = z.object(
  {
    content: z.string({ error: contentError }).max(mostCharacters, { error: contentError }).describe('The text.'),
    add_special: flag.describe('Add what stands before every text of this model (BOS). Default false.'),
    parse_special: flag.describe('Read control tokens that stand in the text as such. Default true.'),
    with_pieces: flag.describe('Also the text of each token.'),
    model: text.describe('A model of GET /v1/models; without it the first one.'),
  },
  { error: 'a JSON object' },
);

export type TokenizeBody = z.infer<typeof tokenizeBody>;

const tokensError = `an array of at most ${mostCharacters.toLocaleString('en')} token ids`;

function isTokenList(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= mostCharacters && (value.length === 0 || isTokens(value));
}

const tokensForm = z.array(z.int().min(0).max(0x7fffffff)).max(mostCharacters);

/** Body of POST /detokenize, with the names of llama-server. */
export const detokenizeBody = z.object(
  {
    tokens: writtenAs(tokensForm, z.custom<number[]>(isTokenList, { error: tokensError })).describe(
      'Token ids of the model.',
    ),
    model: text.describe('A model of GET /v1/models; without it the first one.'),
  },
  { error: 'a JSON object' },
);

export type DetokenizeBody = z.infer<typeof detokenizeBody>;
