/** Vectors, ranks, classes and tokens. */
import { z } from 'zod';
import { namedAnswer } from '../json-schema.js';

const count = z.int().min(0);
const usage = z.object({ prompt_tokens: count, total_tokens: count });

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
    usage,
  }),
);

const score = z.number().describe('0 to 1, or whatever the model says with raw_scores.');

export const rankedDocuments = namedAnswer(
  'RankedDocuments',
  z.union([
    z.object({
      model: z.string(),
      object: z.literal('list'),
      usage,
      results: z.array(
        z.object({
          index: count.describe('Of the document in the request.'),
          relevance_score: score,
          document: z.object({ text: z.string() }).optional().describe('With return_documents.'),
        }),
      ),
    }),
    z
      .array(z.object({ index: count, score, text: z.string().optional().describe('With return_text.') }))
      .describe('With `texts`.'),
  ]),
);

export const classifications = namedAnswer(
  'Classifications',
  z.object({
    id: z.string(),
    object: z.literal('list'),
    created: z.int().describe('Unix seconds.'),
    model: z.string(),
    data: z.array(
      z.object({
        object: z.literal('classification'),
        index: count,
        label: z.string().describe('The best one.'),
        score,
        labels: z.array(z.object({ label: z.string(), score })).describe('Best first.'),
        num_classes: count.describe('How many the model knows.'),
      }),
    ),
    usage,
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
