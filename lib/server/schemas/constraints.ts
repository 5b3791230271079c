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
/** Of one schema: each is a way that the answer can go, and every token is held against all of them. */
const mostEnumValues = 1000;

function isDeep(grammar: string): boolean {
  let open = 0;
  for (const character of grammar) {
    if (character === '(' && ++open > mostOpenGroups) return true;
    if (character === ')') open--;
  }
  return false;
}

const grammarError =
  `a GBNF grammar of at most ${mostCharacters.toLocaleString('en')} characters ` +
  `and ${mostOpenGroups.toLocaleString('en')} groups inside each other`;

export const grammar = z
  .string({ error: grammarError })
  .refine((text) => text.length <= mostCharacters && !isDeep(text), { error: grammarError })
  .nullish();

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null;
}

function optionalProperties({ properties, required }: JsonObject): number {
  if (!isObject(properties)) return 0;
  const names = new Set(Array.isArray(required) ? required : []);
  return Object.keys(properties).filter((name) => !names.has(name)).length;
}

/** What compiling a schema costs, added up over all of its objects. */
export interface SchemaCost {
  readonly enumValues: number;
  /** The most in one object. */
  readonly optionalProperties: number;
  /** The squares of their numbers. */
  readonly optionalPairs: number;
  readonly longestPattern: number;
}

/** REQUIRES: bounded depth. */
export function schemaCost(schema: unknown): SchemaCost {
  const cost = { enumValues: 0, optionalProperties: 0, optionalPairs: 0, longestPattern: 0 };
  const add = (value: unknown): void => {
    if (!isObject(value)) return;
    const { enum: values, pattern } = value;
    if (Array.isArray(values)) cost.enumValues += values.length;
    if (typeof pattern === 'string') cost.longestPattern = Math.max(cost.longestPattern, pattern.length);
    const optional = optionalProperties(value);
    cost.optionalProperties = Math.max(cost.optionalProperties, optional);
    cost.optionalPairs += optional ** 2;
    for (const child of Object.values(value)) add(child);
  };
  add(schema);
  return cost;
}

function isCompilable(schema: unknown): boolean {
  const { enumValues, optionalProperties: optional } = schemaCost(schema);
  return enumValues <= mostEnumValues && optional <= mostOptionalProperties;
}

const schemaError =
  `a JSON schema of at most ${mostCharacters.toLocaleString('en')} characters and ${String(deepest)} levels, with at most ` +
  `${String(mostOptionalProperties)} optional properties in an object and ${mostEnumValues.toLocaleString('en')} values of enums`;

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
      isCompilable(schema),
    { error: schemaError, abort: true },
  )
  .transform((given, context): KeptSchema => {
    const found = keepSchema(given as Json);
    if ('kept' in found) return { given, kept: found.kept };
    context.addIssue({ code: 'custom', message: found.expected });
    return z.NEVER;
  });
