import { z } from 'zod';
import type { Json } from '../../json-schema/json.js';
import { keepSchema } from '../../json-schema/keep-schema.js';
import { nestingDepth } from '../json-fault.js';
import { deepest } from './fields.js';

/**
 * What may constrain an answer: a grammar or a JSON schema. Both are compiled natively, by code that recurses and whose
 * time grows faster than its input; these bounds keep one request's compiling to a fraction of a second.
 */

const mostCharacters = 128 * 1024;
const mostOpenGroups = 1000;
/** In one object: their grammar grows with the square of their number. */
const mostOptionalProperties = 256;
const mostEnumValues = 5000;

function openGroups(grammar: string): number {
  let [open, most] = [0, 0];
  for (const character of grammar) {
    if (character === '(') most = Math.max(most, ++open);
    else if (character === ')') open--;
  }
  return most;
}

const grammarError =
  `a GBNF grammar of at most ${mostCharacters.toLocaleString('en')} characters ` +
  `and ${mostOpenGroups.toLocaleString('en')} groups inside each other`;

export const grammar = z
  .string({ error: grammarError })
  .refine((text) => text.length <= mostCharacters && openGroups(text) <= mostOpenGroups, { error: grammarError })
  .nullish();

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null;
}

function isCompilable(schema: JsonObject): boolean {
  const { properties, required, enum: values } = schema;
  if (Array.isArray(values) && values.length > mostEnumValues) return false;
  if (!isObject(properties)) return true;
  const names = new Set(Array.isArray(required) ? required : []);
  const optional = Object.keys(properties).filter((name) => !names.has(name));
  return optional.length <= mostOptionalProperties;
}

/** REQUIRES: bounded depth. */
function everyObject(value: unknown, holds: (object: JsonObject) => boolean): boolean {
  if (!isObject(value)) return true;
  return holds(value) && Object.values(value).every((child) => everyObject(child, holds));
}

const schemaError =
  `a JSON schema of at most ${mostCharacters.toLocaleString('en')} characters and ${String(deepest)} levels, with at most ` +
  `${String(mostOptionalProperties)} optional properties in an object and ${mostEnumValues.toLocaleString('en')} values in an enum`;

/** A schema as it was given, and as the answer is held to it. */
export interface KeptSchema {
  readonly given: Readonly<Record<string, unknown>>;
  readonly kept: Json;
}

export const jsonSchema = z
  .record(z.string(), z.unknown(), { error: schemaError })
  .refine(
    // In this order: the later checks rely on the bounded depth.
    (schema) =>
      nestingDepth(schema, deepest) <= deepest &&
      JSON.stringify(schema).length <= mostCharacters &&
      everyObject(schema, isCompilable),
    { error: schemaError, abort: true },
  )
  .transform((given, context): KeptSchema => {
    const found = keepSchema(given as Json);
    if ('kept' in found) return { given, kept: found.kept };
    context.addIssue({ code: 'custom', message: found.expected });
    return z.NEVER;
  });
