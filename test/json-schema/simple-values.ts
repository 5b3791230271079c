/** Values of a simplified schema, by fast-check: what its grammar could answer. */
import fc from 'fast-check';
import type { Json } from '../../lib/json-schema/json.js';
import { definitionPrefix, type SimpleSchema } from '../../lib/json-schema/simple-schema.js';

type Root = SimpleSchema & { readonly $defs?: Readonly<Record<string, SimpleSchema>> };

/** So deep recursion goes. */
const deepest = 5;
const anyJson: fc.Arbitrary<Json> = fc.constantFrom<Json>(
  null,
  true,
  0,
  -1.5,
  1e20,
  '',
  'a',
  '\u{1F600}',
  [],
  [1, 'b'],
  {},
  { a: null },
);

function regexOf(pattern: string): RegExp {
  // fast-check reads no braces in escapes; one plane more or less makes no difference.
  const known = pattern.replaceAll('\\U0010FFFF', '\\uFFFD');
  return new RegExp(
    known.replaceAll(/\\U([\dA-F]{8})/gu, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16))),
    'u',
  );
}

function objectOf(root: Root, schema: Extract<SimpleSchema, { type: 'object' }>, depth: number): fc.Arbitrary<Json> {
  const { properties, required = [], additionalProperties } = schema;
  if (properties === undefined) {
    if (additionalProperties === undefined) return fc.constantFrom<Json>({}, { a: 1 }, { b: [], c: 'd' });
    if (additionalProperties === false || depth > deepest) return fc.constant({});
    return fc.dictionary(fc.constantFrom('a', 'b', 'foo'), valuesOf(root, additionalProperties, depth + 1), {
      maxKeys: 3,
    });
  }
  const names = Object.keys(properties).filter((name) => depth <= deepest || required.includes(name));
  const model = names.map((name) => [name, valuesOf(root, properties[name] ?? { anyOf: [] }, depth + 1)] as const);
  return fc.record(Object.fromEntries(model), { requiredKeys: [...required], noNullPrototype: true });
}

function arrayOf(root: Root, schema: Extract<SimpleSchema, { type: 'array' }>, depth: number): fc.Arbitrary<Json> {
  if ('prefixItems' in schema) return fc.tuple(...schema.prefixItems.map((item) => valuesOf(root, item, depth + 1)));
  const { items, minItems = 0, maxItems = Infinity } = schema;
  const maxLength = Math.min(maxItems, depth > deepest ? minItems : minItems + 3);
  return fc.array(items === undefined ? anyJson : valuesOf(root, items, depth + 1), { minLength: minItems, maxLength });
}

function valuesOf(root: Root, schema: SimpleSchema, depth: number): fc.Arbitrary<Json> {
  if ('$ref' in schema)
    return valuesOf(root, root.$defs?.[schema.$ref.slice(definitionPrefix.length)] ?? { anyOf: [] }, depth);
  if ('anyOf' in schema) {
    // Deep inside only what needs nothing else comes to an end.
    const plain = schema.anyOf.filter((option) => !JSON.stringify(option).includes('$ref'));
    const options = depth > deepest && plain.length > 0 ? plain.slice(0, 1) : schema.anyOf;
    return fc.oneof(...options.map((option) => valuesOf(root, option, depth + 1)));
  }
  if ('enum' in schema) return fc.constantFrom(...schema.enum);
  if (!('type' in schema)) return anyJson;
  switch (schema.type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'number':
      return fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));
    case 'integer': {
      const { minimum, maximum } = schema;
      const [min, max] = [minimum ?? Math.min(0, maximum ?? 0) - 1000, maximum ?? Math.max(0, minimum ?? 0) + 1000];
      return fc.integer({ min, max });
    }
    case 'string':
      return schema.pattern === undefined
        ? fc.string({ unit: 'grapheme' })
        : fc.stringMatching(regexOf(schema.pattern));
    case 'array':
      return arrayOf(root, schema, depth);
    case 'object':
      return objectOf(root, schema, depth);
  }
}

export function simpleValues(schema: Json): fc.Arbitrary<Json> {
  return valuesOf(schema as unknown as Root, schema as unknown as SimpleSchema, 0).map(
    (value) => JSON.parse(JSON.stringify(value)) as Json,
  );
}
