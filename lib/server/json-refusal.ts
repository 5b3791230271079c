import { errorReply } from './error-response.js';
import type { ErrorReply } from './error-response.js';
import { exceededBound, JsonScan, mostCost, mostLevels } from './json-cost.js';
import type { JsonBound } from './json-cost.js';
import type { ServerContext } from './server-context.js';

/** In smaller bodies no text is worth asking the models for. */
const alwaysTaken = 2 * 1024 * 1024;

const valuesError =
  'The body has too many values; expected fewer than 32,768 names of fields, 65,536 texts, 131,072 objects and arrays, ' +
  'or 400,000 numbers.';

type Context = Pick<ServerContext, 'catalog'>;

function replyTo(bound: JsonBound | undefined): ErrorReply | undefined {
  switch (bound) {
    case undefined:
      return undefined;
    case 'syntax':
      return errorReply('invalid_json', 'The body is not valid JSON.');
    case 'levels':
      return errorReply('invalid_json', `The body nests deeper than ${String(mostLevels)} levels.`);
    case 'values':
      return errorReply('invalid_argument', valuesError);
    case 'text':
      return errorReply('context_length_exceeded', 'The body has a text that is too long for every model here.');
  }
}

function longestTextOf({ catalog }: Context, bytes: number): number {
  return bytes <= alwaysTaken ? Infinity : Math.max(alwaysTaken, catalog.longestText);
}

/** Looks at the bytes of a body as they come; why it is not even parsed as JSON, if so. `expectedBytes`: 0 if not known. */
export function jsonInspection(context: Context, expectedBytes: number): (bytes: Buffer) => ErrorReply | undefined {
  const longestText = longestTextOf(context, expectedBytes === 0 ? Infinity : expectedBytes);
  const scan = new JsonScan({ mostCost, longestText, expectedBytes });
  return (bytes) => replyTo(scan.take(bytes));
}

/** The same for a message that is there, of which not every text is for a model. */
export function jsonRefusal(bytes: Buffer): ErrorReply | undefined {
  return replyTo(exceededBound(bytes, { mostCost, longestText: Infinity }));
}
