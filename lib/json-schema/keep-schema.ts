import type { Json } from './json.js';
import { SchemaTooComplex } from './schema-fault.js';
import { simplifySchema } from './simplify-schema.js';

/** Deeper ones would recurse deeply here and in the engine. */
const deepest = 64;

function isDeep(value: Json, left: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return left === 0 || Object.values(value).some((inner: Json) => isDeep(inner, left - 1));
}

/** A schema that the engine's grammar keeps exactly; or what had been expected in its place. */
export function keepSchema(schema: Json): { readonly kept: Json } | { readonly expected: string } {
  if (isDeep(schema, deepest)) return { expected: `a JSON schema nested at most ${String(deepest)} levels deep` };
  try {
    const simplified = simplifySchema(schema);
    if ('schema' in simplified) return { kept: simplified.schema };
    const { fault } = simplified;
    if (fault === undefined) return { expected: 'a JSON schema that some value fulfils' };
    const where = `the keyword ${JSON.stringify(fault.keyword.slice(0, 60))} at ${fault.pointer.slice(0, 200)}`;
    return { expected: `a JSON schema that an answer can be held to (${where} cannot be kept)` };
  } catch (error) {
    if (error instanceof SchemaTooComplex) return { expected: 'a JSON schema with fewer alternatives' };
    throw error;
  }
}
