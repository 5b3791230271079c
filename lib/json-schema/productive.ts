/**
 * Takes out what has no finite value: alternatives without members, and objects that need themselves. What is left is
 * written with the definitions that are used, and those that are small or used once in their place.
 */
import type { Json } from './json.js';
import { definitionPrefix, type SimpleSchema } from './simple-schema.js';

type Definitions = ReadonlyMap<string, SimpleSchema>;

/** Nothing. */
const none: SimpleSchema = { anyOf: [] };

function nameOf(reference: string): string {
  return reference.slice(definitionPrefix.length);
}

/** `ends`: definitions that are known to have finite values. */
function hasValues(schema: SimpleSchema, ends: ReadonlySet<string>): boolean {
  if ('$ref' in schema) return ends.has(nameOf(schema.$ref));
  if ('anyOf' in schema) return schema.anyOf.some((each) => hasValues(each, ends));
  if ('enum' in schema) return schema.enum.length > 0;
  if ('prefixItems' in schema) return schema.prefixItems.every((each) => hasValues(each, ends));
  if ('items' in schema) return (schema.minItems ?? 0) === 0 || hasValues(schema.items, ends);
  if ('properties' in schema) {
    const { properties } = schema;
    return (schema.required ?? []).every(
      (name) => Object.hasOwn(properties, name) && hasValues(properties[name] ?? none, ends),
    );
  }
  return true;
}

function productive(definitions: Definitions): Set<string> {
  const ends = new Set<string>();
  for (let before = -1; before < ends.size;) {
    before = ends.size;
    for (const [name, schema] of definitions) if (!ends.has(name) && hasValues(schema, ends)) ends.add(name);
  }
  return ends;
}

/** REQUIRES: it has values. */
function pruned(schema: SimpleSchema, ends: ReadonlySet<string>): SimpleSchema {
  if ('anyOf' in schema) {
    const left = schema.anyOf.filter((each) => hasValues(each, ends)).map((each) => pruned(each, ends));
    const [only] = left;
    return left.length === 1 && only !== undefined ? only : { anyOf: left };
  }
  if ('prefixItems' in schema) return { ...schema, prefixItems: schema.prefixItems.map((each) => pruned(each, ends)) };
  if ('items' in schema) {
    return hasValues(schema.items, ends) ? { ...schema, items: pruned(schema.items, ends) } : { enum: [[]] };
  }
  if ('type' in schema && schema.type === 'object') return prunedObject(schema, ends);
  return schema;
}

function prunedObject(schema: Extract<SimpleSchema, { type: 'object' }>, ends: ReadonlySet<string>): SimpleSchema {
  const { properties, additionalProperties } = schema;
  if (properties !== undefined) {
    const left = Object.entries(properties).filter(([, each]) => hasValues(each, ends));
    if (left.length === 0) return { enum: [{}] };
    return { ...schema, properties: Object.fromEntries(left.map(([name, each]) => [name, pruned(each, ends)])) };
  }
  if (additionalProperties === undefined || additionalProperties === false) return schema;
  return hasValues(additionalProperties, ends)
    ? { ...schema, additionalProperties: pruned(additionalProperties, ends) }
    : { enum: [{}] };
}

function referencesIn(schema: SimpleSchema): string[] {
  const found: string[] = [];
  JSON.stringify(schema, (key, value: unknown) => {
    // Values of an enum are no schemas.
    if (key === 'enum') return undefined;
    if (key === '$ref' && typeof value === 'string') found.push(nameOf(value));
    return value;
  });
  return found;
}

class Inliner {
  readonly #definitions: Definitions;
  readonly #uses = new Map<string, number>();

  constructor(root: string, definitions: Definitions) {
    this.#definitions = definitions;
    this.#count(root);
  }

  /** Used more than once, itself included. */
  get kept(): string[] {
    return [...this.#uses].filter(([name, uses]) => uses > 1 && !this.#isSmall(name)).map(([name]) => name);
  }

  inlined(schema: SimpleSchema): SimpleSchema {
    if ('$ref' in schema) {
      const name = nameOf(schema.$ref);
      return this.kept.includes(name) ? schema : this.inlined(this.#definitions.get(name) ?? none);
    }
    if ('anyOf' in schema) return { anyOf: schema.anyOf.map((each) => this.inlined(each)) };
    if ('prefixItems' in schema)
      return { ...schema, prefixItems: schema.prefixItems.map((each) => this.inlined(each)) };
    if ('items' in schema) return { ...schema, items: this.inlined(schema.items) };
    if (!('type' in schema) || schema.type !== 'object') return schema;
    const { properties, additionalProperties: additional, ...rest } = schema;
    const entries = Object.entries(properties ?? {}).map(([name, each]) => [name, this.inlined(each)] as const);
    return {
      ...rest,
      ...(properties === undefined ? {} : { properties: Object.fromEntries(entries) }),
      ...(additional === undefined
        ? {}
        : { additionalProperties: additional === false ? false : this.inlined(additional) }),
    };
  }

  #isSmall(name: string): boolean {
    const schema = this.#definitions.get(name);
    if (schema === undefined) return true;
    return (
      'type' in schema &&
      ['null', 'boolean', 'number', 'integer', 'string'].includes(schema.type) &&
      JSON.stringify(schema).length < 100
    );
  }

  #count(name: string): void {
    const uses = (this.#uses.get(name) ?? 0) + 1;
    this.#uses.set(name, uses);
    const schema = this.#definitions.get(name);
    if (uses === 1 && schema !== undefined) for (const other of referencesIn(schema)) this.#count(other);
  }
}

/** The root with its definitions; undefined when it has no finite value. */
export function withoutEndless(root: SimpleSchema, definitions: Definitions): Json | undefined {
  if (!('$ref' in root)) return root;
  const ends = productive(definitions);
  if (!hasValues(root, ends)) return undefined;
  const left = new Map(
    [...definitions].filter(([name]) => ends.has(name)).map(([name, schema]) => [name, pruned(schema, ends)]),
  );
  const inliner = new Inliner(nameOf(root.$ref), left);
  const $defs = Object.fromEntries(inliner.kept.map((name) => [name, inliner.inlined(left.get(name) ?? none)]));
  const schema = inliner.inlined(root);
  return Object.keys($defs).length === 0 ? schema : { ...schema, $defs };
}
