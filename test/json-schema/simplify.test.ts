/** Whatever a simplified schema allows, the given one does, by the judgement of ajv. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import type { Json } from '../../lib/json-schema/json.js';
import { keepSchema } from '../../lib/json-schema/keep-schema.js';
import { simpleValues } from './simple-values.js';

function validator(schema: Json): (value: Json) => boolean {
  const ajv = new Ajv2020({ strict: false, logger: false });
  addFormats.default(ajv);
  return ajv.compile(schema as object) as (value: Json) => boolean;
}

function assertKept(schema: Json): void {
  const found = keepSchema(schema);
  assert.ok('kept' in found, `${JSON.stringify(schema)}: ${'expected' in found ? found.expected : ''}`);
  const isValid = validator(schema);
  fc.assert(
    fc.property(simpleValues(found.kept), (value) => {
      assert.ok(
        isValid(value),
        `${JSON.stringify(schema)} became ${JSON.stringify(found.kept)}: ${JSON.stringify(value)}`,
      );
    }),
    { numRuns: 40 },
  );
}

const person = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 2, maxLength: 20 },
    age: { type: 'integer', minimum: 0, exclusiveMaximum: 150 },
    email: { type: 'string', format: 'email' },
    tags: { type: 'array', items: { enum: ['a', 'b'] }, minItems: 1, maxItems: 3 },
    score: { type: 'number', minimum: 0, maximum: 1 },
  },
  required: ['name', 'age'],
  additionalProperties: false,
};

const kept: readonly (readonly [string, Json])[] = [
  ['a usual one', person],
  [
    'references, also to itself',
    {
      $defs: {
        node: {
          type: 'object',
          properties: { value: { type: 'integer' }, next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } },
          required: ['value', 'next'],
        },
      },
      $ref: '#/$defs/node',
    },
  ],
  [
    'allOf',
    {
      allOf: [
        { properties: { a: { type: 'integer' } }, required: ['a'] },
        { properties: { b: { const: 'x' } }, required: ['b'] },
      ],
      type: 'object',
    },
  ],
  ['oneOf that overlaps', { oneOf: [{ type: 'integer' }, { minimum: 2 }] }],
  [
    'oneOf told apart by a constant',
    {
      oneOf: ['cat', 'dog'].map((kind) => ({
        type: 'object',
        properties: { kind: { const: kind }, [kind]: { type: 'boolean' } },
        required: ['kind', kind],
      })),
    },
  ],
  ['not', { type: ['string', 'integer'], not: { enum: ['a', 'b', 3] } }],
  [
    'if, then and else',
    {
      type: 'object',
      properties: { kind: { enum: ['a', 'b'] } },
      required: ['kind'],
      if: { properties: { kind: { const: 'a' } } },
      then: { required: ['x'], properties: { x: { type: 'integer' } } },
      else: { properties: { x: false } },
    },
  ],
  [
    'dependencies',
    { type: 'object', properties: { a: { type: 'null' }, b: { type: 'null' } }, dependentRequired: { a: ['b'] } },
  ],
  ['pattern', { type: 'string', pattern: '^[A-Z]{2}-\\d{3,5}(?:-(?:x|y)+)?$' }],
  ['an unanchored pattern with a length', { type: 'string', pattern: 'a+b', maxLength: 30 }],
  [
    'patternProperties beside properties',
    {
      type: 'object',
      properties: { ab: { type: 'integer' } },
      required: ['ab'],
      patternProperties: { '^a': { minimum: 5 } },
    },
  ],
  ['contains', { type: 'array', items: { type: 'integer' }, contains: { minimum: 5 }, minContains: 2 }],
  ['a tuple', { type: 'array', prefixItems: [{ type: 'integer' }, { type: 'string' }], items: false }],
  ['multipleOf', { type: 'number', multipleOf: 0.25, minimum: 1 }],
  ['a narrow range', { type: 'number', exclusiveMinimum: 0.5, maximum: 0.75 }],
  [
    'unevaluatedProperties',
    { type: 'object', allOf: [{ properties: { a: true } }], properties: { b: true }, unevaluatedProperties: false },
  ],
  [
    'names that objects inherit',
    { type: 'object', properties: { constructor: { type: 'integer' }, __proto__x: true } },
  ],
  [
    'a number of properties',
    { type: 'object', properties: { a: true, b: true, c: true }, minProperties: 2, maxProperties: 2 },
  ],
  [
    'formats',
    {
      type: 'array',
      prefixItems: [
        'date',
        'time',
        'date-time',
        'duration',
        'email',
        'hostname',
        'ipv4',
        'ipv6',
        'uri',
        'uri-reference',
        'uuid',
        'json-pointer',
        'relative-json-pointer',
        'regex',
        'uri-template',
      ].map((format) => ({ type: 'string', format })),
      minItems: 15,
    },
  ],
  ['an unknown format', { type: 'string', format: 'unheard-of' }],
];

const refused: readonly (readonly [string, Json, RegExp])[] = [
  ['a pattern that looks around', { type: 'string', pattern: '^(?=a)' }, /keyword "pattern" at #/u],
  [
    'two patterns',
    {
      type: 'object',
      properties: { a: { allOf: [{ type: 'string', pattern: 'a' }, { pattern: 'b' }] } },
      required: ['a'],
    },
    /keyword "pattern" at #\/properties\/a/u,
  ],
  ['different items without end', { type: 'array', uniqueItems: true, minItems: 2 }, /keyword "uniqueItems"/u],
  ['references to elsewhere', { $ref: 'https://example.com/schema' }, /keyword "\$ref" at #/u],
  ['what nothing fulfils', { type: 'string', allOf: [{ type: 'integer' }] }, /that some value fulfils/u],
  [
    'what needs itself for ever',
    { type: 'object', properties: { a: { $ref: '#' } }, required: ['a'] },
    /that some value fulfils/u,
  ],
  ['what refers to itself at once', { $ref: '#' }, /that some value fulfils/u],
  [
    'too many alternatives',
    {
      allOf: Array.from({ length: 12 }, (_, at) => ({
        anyOf: [{ required: [`a${String(at)}`] }, { required: [`b${String(at)}`] }],
      })),
    },
    /with fewer alternatives/u,
  ],
];

describe('a simplified schema', () => {
  for (const [what, schema] of kept) {
    it(`keeps ${what}`, () => {
      assertKept(schema);
    });
  }

  for (const [what, schema, words] of refused) {
    it(`is refused for ${what}`, () => {
      const found = keepSchema(schema);
      assert.ok('expected' in found);
      assert.match(found.expected, words);
    });
  }

  it('keeps what random schemas say, or refuses them', () => {
    const leaf = fc.constantFrom<Json>(
      ...[
        true,
        {},
        { type: 'string' },
        { type: 'integer', minimum: 3 },
        { type: ['null', 'number'] },
        { enum: [1, 'a', null, [1], { a: 2 }] },
      ],
      ...[
        { minLength: 2 },
        { maxLength: 3 },
        { maximum: 4 },
        { multipleOf: 3 },
        { pattern: '^a' },
        { const: 'a' },
        { minItems: 1 },
        { maxProperties: 1 },
      ],
      ...[{ required: ['a'] }, { uniqueItems: true }, false],
    );
    const { schema } = fc.letrec<{ schema: Json }>((tie) => ({
      schema: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        leaf,
        fc.record({ allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
        fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
        fc.record({ oneOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
        fc.record({ not: tie('schema') }),
        fc.record({ if: tie('schema'), then: tie('schema'), else: tie('schema') }),
        fc.record({
          properties: fc.dictionary(fc.constantFrom('a', 'b'), tie('schema')),
          required: fc.subarray(['a', 'c']),
        }),
        fc.record({
          type: fc.constant('object'),
          properties: fc.dictionary(fc.constantFrom('a', 'b'), tie('schema')),
          additionalProperties: tie('schema'),
        }),
        fc.record({
          patternProperties: fc.dictionary(fc.constantFrom('^a', 'b$'), tie('schema')),
          propertyNames: tie('schema'),
        }),
        fc.record({ items: tie('schema'), prefixItems: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
        fc.record({ contains: tie('schema'), maxContains: fc.integer({ min: 0, max: 2 }) }),
        fc.record({ dependentSchemas: fc.dictionary(fc.constantFrom('a', 'b'), tie('schema')) }),
      ),
    }));
    let keptCount = 0;
    fc.assert(
      fc.property(schema, fc.integer(), (given, seed) => {
        const found = keepSchema(given);
        if (!('kept' in found)) return;
        keptCount++;
        const isValid = validator(given);
        for (const value of fc.sample(simpleValues(found.kept), { seed, numRuns: 8 })) {
          assert.ok(
            isValid(value),
            `${JSON.stringify(given)} became ${JSON.stringify(found.kept)}: ${JSON.stringify(value)}`,
          );
        }
      }),
      { numRuns: 500 },
    );
    assert.ok(keptCount > 250, String(keptCount));
  });

  it('answers hostile schemas soon', () => {
    const wide = Object.fromEntries(
      Array.from({ length: 2000 }, (_, at) => [
        `p${String(at)}`,
        { anyOf: [{ type: 'integer' }, { pattern: '(a+)+$' }] },
      ]),
    );
    let deep: Json = { type: 'integer' };
    for (let level = 0; level < 100_000; level++) deep = { not: deep };
    const chain = Object.fromEntries(
      Array.from({ length: 1000 }, (_, at) => [
        `d${String(at)}`,
        { anyOf: [{ $ref: `#/$defs/d${String(at + 1)}` }, { $ref: `#/$defs/d${String((at + 7) % 1000)}` }] },
      ]),
    );
    for (const schema of [{ type: 'object', properties: wide }, { $defs: chain, $ref: '#/$defs/d0' }, deep] as Json[])
      keepSchema(schema);
    assert.ok('expected' in keepSchema(deep));
  });
});
