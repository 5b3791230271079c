/** What single keywords ask for, and what a value must be that does not fulfil them. */
import { anything, type Constraints } from './constraints.js';
import { allTypes, isObject, type Json, type JsonObject, type JsonType } from './json.js';
import { child, negated, type Node } from './schema-document.js';

function numberOf(value: Json | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function namesOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((name): name is string => typeof name === 'string') : [];
}

function typesOf(type: Json | undefined): string[] {
  return typeof type === 'string' ? [type] : namesOf(type);
}

function typeRule(type: Json | undefined): Partial<Constraints> {
  if (type === undefined) return {};
  const names = typesOf(type);
  const types = allTypes.filter((each) => names.includes(each) || (each === 'number' && names.includes('integer')));
  return { types, isInteger: names.includes('integer') && !names.includes('number') };
}

function itemRules(node: Node, schema: JsonObject): Pick<Constraints, 'items'> {
  const { prefixItems, items, additionalItems } = schema;
  const tuple = Array.isArray(prefixItems) ? 'prefixItems' : Array.isArray(items) ? 'items' : undefined;
  const prefix =
    tuple === undefined ? [] : (schema[tuple] as readonly Json[]).map((_, index) => child(node, tuple, index));
  const rest =
    items !== undefined && !Array.isArray(items)
      ? child(node, 'items')
      : additionalItems !== undefined && Array.isArray(items)
        ? child(node, 'additionalItems')
        : undefined;
  return { items: prefix.length === 0 && rest === undefined ? [] : [{ prefix, rest }] };
}

function containsRules(node: Node, { contains, minContains, maxContains }: JsonObject): Pick<Constraints, 'contains'> {
  if (contains === undefined) return { contains: [] };
  const bounds = { least: numberOf(minContains) ?? 1, most: numberOf(maxContains) ?? Infinity };
  return { contains: [{ node: child(node, 'contains'), ...bounds }] };
}

function propertyRules(node: Node, schema: JsonObject): Partial<Constraints> {
  const { properties, patternProperties, additionalProperties, propertyNames } = schema;
  const names = isObject(properties) ? Object.keys(properties) : [];
  const patterns = isObject(patternProperties) ? Object.keys(patternProperties) : [];
  return {
    properties: new Map(names.map((name) => [name, [child(node, 'properties', name)]])),
    patternProperties: patterns.map((pattern) => ({ pattern, node: child(node, 'patternProperties', pattern) })),
    additional:
      additionalProperties === undefined ? [] : [{ names, patterns, node: child(node, 'additionalProperties') }],
    evaluatedNames: names,
    propertyNames: propertyNames === undefined ? [] : [child(node, 'propertyNames')],
    required: namesOf(schema['required']),
  };
}

/** Of all keywords that have no alternatives. */
export function plainRules(node: Node, schema: JsonObject): Constraints {
  const { enum: list, const: constant, pattern, format } = schema;
  const values = [
    ...(Array.isArray(list) ? [list as readonly Json[]] : []),
    ...(constant === undefined ? [] : [[constant]]),
  ];
  const multipleOf = numberOf(schema['multipleOf']);
  return {
    ...anything,
    ...typeRule(schema['type']),
    values:
      values.length === 2
        ? (values[0] ?? []).filter((value) => JSON.stringify(value) === JSON.stringify(constant))
        : values[0],
    minimum: numberOf(schema['minimum']) ?? -Infinity,
    maximum: numberOf(schema['maximum']) ?? Infinity,
    above: numberOf(schema['exclusiveMinimum']) ?? -Infinity,
    below: numberOf(schema['exclusiveMaximum']) ?? Infinity,
    multiples: multipleOf === undefined ? [] : [multipleOf],
    minLength: numberOf(schema['minLength']) ?? 0,
    maxLength: numberOf(schema['maxLength']) ?? Infinity,
    patterns: typeof pattern === 'string' ? [pattern] : [],
    formats: typeof format === 'string' ? [format] : [],
    ...itemRules(node, schema),
    minItems: numberOf(schema['minItems']) ?? 0,
    maxItems: numberOf(schema['maxItems']) ?? Infinity,
    isUnique: schema['uniqueItems'] === true,
    ...containsRules(node, schema),
    ...propertyRules(node, schema),
    minProperties: numberOf(schema['minProperties']) ?? 0,
    maxProperties: numberOf(schema['maxProperties']) ?? Infinity,
  };
}

type Opposite = (value: Json, node: Node) => readonly Partial<Constraints>[];

function only(type: JsonType, rule: Partial<Constraints>): Partial<Constraints>[] {
  return [{ types: [type], ...rule }];
}

function bound(type: JsonType, rule: (value: number) => Partial<Constraints>): Opposite {
  return (value) => (typeof value === 'number' ? only(type, rule(value)) : []);
}

function upTo(type: JsonType, name: 'maxLength' | 'maxItems' | 'maxProperties'): Opposite {
  return (value) => (typeof value === 'number' && value >= 1 ? only(type, { [name]: Math.ceil(value) - 1 }) : []);
}

/** What makes a value fail a keyword; where nothing is said, nothing is left. */
export const opposites: Readonly<Record<string, Opposite>> = {
  type: (value) => {
    const names = typesOf(value);
    const types = allTypes.filter((type) => !names.includes(type) && !(type === 'number' && names.includes('integer')));
    return types.length === 0 ? [] : [{ types }];
  },
  enum: (value) => (Array.isArray(value) ? [{ excluded: value as readonly Json[] }] : []),
  const: (value) => [{ excluded: [value] }],
  minimum: bound('number', (value) => ({ below: value })),
  maximum: bound('number', (value) => ({ above: value })),
  exclusiveMinimum: bound('number', (value) => ({ maximum: value })),
  exclusiveMaximum: bound('number', (value) => ({ minimum: value })),
  minLength: upTo('string', 'maxLength'),
  maxLength: bound('string', (value) => ({ minLength: Math.floor(value) + 1 })),
  minItems: upTo('array', 'maxItems'),
  maxItems: bound('array', (value) => ({ minItems: Math.floor(value) + 1 })),
  minProperties: upTo('object', 'maxProperties'),
  maxProperties: bound('object', (value) => ({ minProperties: Math.floor(value) + 1 })),
  required: (value) => namesOf(value).map((name) => ({ types: ['object'], forbidden: [name] })),
  properties: (value, node) =>
    isObject(value)
      ? Object.keys(value).map((name) => ({
          types: ['object'],
          required: [name],
          properties: new Map([[name, [negated(child(node, 'properties', name))]]]),
        }))
      : [],
  items: (value, node) => {
    if (Array.isArray(value)) return value.map((_, index) => wrongItem(child(node, 'items', index), index));
    return [
      wrongItem(
        child(node, 'items'),
        Array.isArray(schemaOf(node)['prefixItems']) ? (schemaOf(node)['prefixItems'] as readonly Json[]).length : 0,
      ),
    ];
  },
  prefixItems: (value, node) =>
    Array.isArray(value) ? value.map((_, index) => wrongItem(child(node, 'prefixItems', index), index)) : [],
  contains: (_value, node) => {
    const least = numberOf(schemaOf(node)['minContains']) ?? 1;
    return least === 0 ? [] : only('array', { items: [{ prefix: [], rest: negated(child(node, 'contains')) }] });
  },
};

function schemaOf(node: Node): JsonObject {
  return isObject(node.schema) ? node.schema : {};
}

/** An array whose item at that place does not match. */
function wrongItem(node: Node, index: number): Partial<Constraints> {
  const free: Node = { schema: true, pointer: node.pointer, isNegated: false };
  const prefix = [...Array.from({ length: index }, () => free), negated(node)];
  return { types: ['array'], minItems: index + 1, items: [{ prefix, rest: undefined }] };
}

/** Keywords whose branches validators do not all look into for `unevaluatedItems`. */
const branching = ['anyOf', 'oneOf', 'if', 'dependentSchemas', 'not'];

/** What `unevaluatedProperties` and `unevaluatedItems` leave, once all else that the schema asks for is known. */
export function closed(node: Node, found: Constraints): Constraints {
  const schema = schemaOf(node);
  let rules = found;
  if (schema['unevaluatedProperties'] !== undefined && found.additional.every(({ isHidden }) => isHidden === true)) {
    const patterns = found.patternProperties.map(({ pattern }) => pattern);
    const rule = { names: found.evaluatedNames, patterns, node: child(node, 'unevaluatedProperties') };
    rules = { ...rules, additional: [...rules.additional, rule] };
  }
  const visible = found.items.filter(({ isHidden }) => isHidden !== true);
  const isBranching = branching.some((name) => Object.hasOwn(schema, name));
  const own = itemRules(node, schema).items;
  const reachesAll = (isBranching ? own : visible).some(({ rest }) => rest !== undefined);
  if (schema['unevaluatedItems'] !== undefined && !reachesAll) {
    const free: Node = { schema: true, pointer: node.pointer, isNegated: false };
    const evaluated = Math.max(0, ...visible.map(({ prefix }) => prefix.length));
    const prefix = Array.from({ length: evaluated }, () => free);
    rules = { ...rules, items: [...rules.items, { prefix, rest: child(node, 'unevaluatedItems') }] };
  }
  return rules;
}

/** A rule that holds inside a `not`. */
export function hidden(rule: Constraints): Constraints {
  return {
    ...rule,
    evaluatedNames: [],
    items: rule.items.map((each) => ({ ...each, isHidden: true })),
    additional: rule.additional.map((each) => ({ ...each, isHidden: true })),
  };
}
