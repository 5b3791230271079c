import { z } from 'zod';
import { schemaCost } from './constraints.js';
import { arrayOf, looseObject } from './fields.js';
import { writtenAs } from './written-as.js';

/**
 * The functions that a request offers. The engine renders their schemas into the prompt and compiles all of them into
 * one grammar, with code that recurses and whose time grows faster than its input; these bounds keep one request's
 * compiling to a fraction of a second.
 */

const mostTools = 1024;
/** Of all tools together. */
const mostCharacters = 256 * 1024;
const mostEnumValues = 1000;
const mostOptionalPairs = 256 ** 2;
/** The engine reads a pattern with one call for each open group. */
const longestPattern = 2000;

const boundsError =
  `tools of at most ${mostCharacters.toLocaleString('en')} characters together, with at most ` +
  `${mostEnumValues.toLocaleString('en')} values of enums, patterns of at most ${longestPattern.toLocaleString('en')} characters, ` +
  'and fewer optional properties (their numbers in each object, squared and added up, may reach ' +
  `${mostOptionalPairs.toLocaleString('en')})`;

/** What a function takes, as a JSON schema. */
export const toolParameters = looseObject('a JSON schema');

function areCompilable(tools: readonly unknown[]): boolean {
  if (JSON.stringify(tools).length > mostCharacters) return false;
  const cost = schemaCost(tools);
  return (
    cost.enumValues <= mostEnumValues &&
    cost.optionalPairs <= mostOptionalPairs &&
    cost.longestPattern <= longestPattern
  );
}

/** An array of tools; `error` is for what is none. */
export function toolsOf<Tool extends z.ZodType>(
  tool: Tool,
  error: string,
): z.ZodPipe<z.ZodPipe<z.ZodUnknown, z.ZodTransform<z.output<Tool>[]>>, z.ZodTransform<z.output<Tool>[]>> {
  return writtenAs(
    z.array(tool).max(mostTools),
    arrayOf(tool, { error, most: mostTools }).transform((tools, context) => {
      if (!areCompilable(tools)) context.addIssue({ code: 'custom', message: boundsError });
      return tools;
    }),
  );
}
