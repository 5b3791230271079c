/** What one alternative of a schema asks of a value: a conjunction, without `anyOf`, `not` and references. */
import { allTypes, equal, type Json, type JsonType } from './json.js';
import type { Node } from './schema-document.js';

/** Items by their place: those of `prefix`, then `rest`. */
export interface ItemRule {
  readonly prefix: readonly Node[];
  readonly rest: Node | undefined;
  /** Inside a `not`, which evaluates nothing. */
  readonly isHidden?: boolean;
}

export interface ContainsRule {
  readonly node: Node;
  readonly least: number;
  readonly most: number;
}

export interface PatternRule {
  readonly pattern: string;
  readonly node: Node;
}

/** For the properties that `names` and `patterns` do not take. */
export interface AdditionalRule {
  readonly names: readonly string[];
  readonly patterns: readonly string[];
  readonly node: Node;
  /** Inside a `not`, which evaluates nothing. */
  readonly isHidden?: boolean;
}

export interface Constraints {
  readonly types: readonly JsonType[];
  readonly isInteger: boolean;
  /** Undefined for any. */
  readonly values: readonly Json[] | undefined;
  readonly excluded: readonly Json[];
  readonly minimum: number;
  readonly maximum: number;
  readonly above: number;
  readonly below: number;
  readonly multiples: readonly number[];
  readonly minLength: number;
  readonly maxLength: number;
  readonly patterns: readonly string[];
  readonly formats: readonly string[];
  readonly items: readonly ItemRule[];
  readonly minItems: number;
  readonly maxItems: number;
  readonly isUnique: boolean;
  readonly contains: readonly ContainsRule[];
  readonly properties: ReadonlyMap<string, readonly Node[]>;
  readonly patternProperties: readonly PatternRule[];
  readonly additional: readonly AdditionalRule[];
  readonly propertyNames: readonly Node[];
  readonly required: readonly string[];
  readonly forbidden: readonly string[];
  readonly minProperties: number;
  readonly maxProperties: number;
  /** Properties that are spoken of outside of any `not`, which evaluates nothing. */
  readonly evaluatedNames: readonly string[];
}

export const anything: Constraints = {
  types: allTypes,
  isInteger: false,
  values: undefined,
  excluded: [],
  ...{ minimum: -Infinity, maximum: Infinity, above: -Infinity, below: Infinity, multiples: [] },
  ...{ minLength: 0, maxLength: Infinity, patterns: [], formats: [] },
  ...{ items: [], minItems: 0, maxItems: Infinity, isUnique: false, contains: [] },
  properties: new Map(),
  ...{ patternProperties: [], additional: [], propertyNames: [], required: [], forbidden: [] },
  ...{ minProperties: 0, maxProperties: Infinity, evaluatedNames: [] },
};

function union<Item>(a: readonly Item[], b: readonly Item[]): readonly Item[] {
  if (a.length === 0) return b;
  return b.length === 0 ? a : [...new Set([...a, ...b])];
}

function sharedValues(a: readonly Json[] | undefined, b: readonly Json[] | undefined): readonly Json[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.filter((value) => b.some((other) => equal(value, other)));
}

function mergedProperties(a: Constraints['properties'], b: Constraints['properties']): Constraints['properties'] {
  if (a.size === 0) return b;
  if (b.size === 0) return a;
  const merged = new Map(a);
  for (const [name, nodes] of b) merged.set(name, [...(merged.get(name) ?? []), ...nodes]);
  return merged;
}

/** Undefined when no value can be both. */
export function both(a: Constraints, b: Constraints): Constraints | undefined {
  if (a === anything) return b;
  if (b === anything) return a;
  const types = a.types.filter((type) => b.types.includes(type));
  const values = sharedValues(a.values, b.values);
  if (types.length === 0 || values?.length === 0) return undefined;
  return {
    types,
    isInteger: a.isInteger || b.isInteger,
    values,
    excluded: union(a.excluded, b.excluded),
    minimum: Math.max(a.minimum, b.minimum),
    maximum: Math.min(a.maximum, b.maximum),
    above: Math.max(a.above, b.above),
    below: Math.min(a.below, b.below),
    multiples: union(a.multiples, b.multiples),
    minLength: Math.max(a.minLength, b.minLength),
    maxLength: Math.min(a.maxLength, b.maxLength),
    patterns: union(a.patterns, b.patterns),
    formats: union(a.formats, b.formats),
    items: union(a.items, b.items),
    minItems: Math.max(a.minItems, b.minItems),
    maxItems: Math.min(a.maxItems, b.maxItems),
    isUnique: a.isUnique || b.isUnique,
    contains: union(a.contains, b.contains),
    properties: mergedProperties(a.properties, b.properties),
    patternProperties: union(a.patternProperties, b.patternProperties),
    additional: union(a.additional, b.additional),
    propertyNames: union(a.propertyNames, b.propertyNames),
    required: union(a.required, b.required),
    forbidden: union(a.forbidden, b.forbidden),
    minProperties: Math.max(a.minProperties, b.minProperties),
    maxProperties: Math.min(a.maxProperties, b.maxProperties),
    evaluatedNames: union(a.evaluatedNames, b.evaluatedNames),
  };
}
