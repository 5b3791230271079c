/** How failures look. */
import { z } from 'zod';
import { errorCodes } from '../../../error-codes.js';
import { namedAnswer } from '../json-schema.js';

const codes = Object.keys(errorCodes);
const types = [...new Set(Object.values(errorCodes).map(({ type }) => type))];

const fault = z.object({
  param: z.string().nullable().describe('Where, e.g. `messages[0].content`.'),
  message: z.string(),
});

const error = z.object({
  message: z.string().describe('What was wrong, and what was expected.'),
  type: z.enum(types),
  param: z.string().nullable().describe('Which field it is about, of the first fault.'),
  code: z.enum(codes).describe('Stable: docs/errors.md says what to do about each.'),
  errors: z.array(fault).optional().describe('Every fault, when there is more than one.'),
});

export const errorAnswer = namedAnswer('Error', z.object({ error }));

export const errorObject = error;

export const messagesErrorAnswer = namedAnswer(
  'MessagesError',
  z.object({
    type: z.literal('error'),
    error: z.object({
      type: z.string().describe("Anthropic's name for the kind of error."),
      message: z.string(),
      code: z.enum(codes),
      param: z.string().nullable(),
    }),
    request_id: z.string(),
  }),
);
