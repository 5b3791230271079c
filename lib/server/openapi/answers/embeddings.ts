/** Vectors and tokens. */
import { z } from 'zod';
import { namedAnswer } from '../json-schema.js';

const count = z.int().min(0);

export const embeddingList = namedAnswer(
  'EmbeddingList',
  z.object({
    object: z.literal('list'),
    data: z.array(
      z.object({
        object: z.literal('embedding'),
        index: count,
        embedding: z
          .union([z.array(z.number()), z.string()])
          .describe('Numbers, or base64 of little-endian 32-bit floats; of length 1.'),
      }),
    ),
    model: z.string(),
    usage: z.object({ prompt_tokens: count, total_tokens: count }),
  }),
);

export const tokenList = namedAnswer(
  'TokenList',
  z.object({
    tokens: z.union([
      z.array(z.int()),
      z.array(
        z.object({
          id: z.int(),
          piece: z
            .union([z.string(), z.array(z.int().min(0).max(255))])
            .describe('Bytes where it is a part of a character.'),
        }),
      ),
    ]),
  }),
);

export const tokensText = namedAnswer('TokensText', z.object({ content: z.string() }));
