/**
 * The schemas of the document come from those that requests are checked with, but some of these check by hand and are
 * written a second time (`lib/server/schemas/written-as.ts`). Here both judge the same bodies: for every field of every
 * request, a pool of values with the limits of the field and what lies just beyond them.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { openApiDocument } from '../../lib/server/openapi/document.js';
import type { JsonSchema } from '../../lib/server/openapi/json-schema.js';
import type { RequestBody } from '../../lib/server/openapi/operation.js';
import { operations } from '../../lib/server/openapi/operations.js';

type Judge = (value: unknown) => boolean;

const document = await openApiDocument();
const ajv = new Ajv2020({ strict: false, discriminator: false });
ajv.addSchema({ ...document, $id: 'openapi' });

/** Fields whose rules no JSON schema says: texts that are compiled, schemas that must be kept, empty texts that do not count. */
function isBeyondSchemas(name: string, field: string): boolean {
  return field === 'grammar' || field === 'json_schema' || (field === 'stop' && name.startsWith('Llama'));
}

/** Fields that several requests share are judged once. */
const judged = new Set<unknown>();

/** The fields of a request, or of all that it may be. */
function shapeOf(schema: z.ZodType): Readonly<Record<string, z.ZodType>> {
  if (schema instanceof z.ZodUnion) {
    const shapes = (schema.options as readonly z.ZodType[]).map(shapeOf);
    return Object.assign({}, ...shapes) as Readonly<Record<string, z.ZodType>>;
  }
  return 'shape' in schema ? (schema.shape as Readonly<Record<string, z.ZodType>>) : {};
}

interface DescribedField {
  readonly field: string;
  readonly schema: JsonSchema;
  readonly pointer: string;
}

/** Both judges of one field: of its value alone where the request has fields of its own, else in a whole request. */
function judgesOf(name: string, { field, pointer }: DescribedField, body: RequestBody): readonly [Judge, Judge] {
  const schema = shapeOf(body.schema)[field];
  if (schema !== undefined) {
    const validate = ajv.compile({ $ref: pointer });
    return [(value) => schema.safeParse(value).success, (value) => validate(value)];
  }
  const validate = ajv.compile({ $ref: `openapi#/components/schemas/${name}` });
  const examples = Object.values(body.examples) as readonly Readonly<Record<string, unknown>>[];
  // One that is whole without the field, where there is one.
  const base = examples.find((example) => !(field in example)) ?? examples[0];
  const whole = (value: unknown): unknown => ({ ...base, [field]: value });
  return [(value) => body.schema.safeParse(whole(value)).success, (value) => validate(whole(value))];
}

const plainValues: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  0.5,
  1,
  2,
  7,
  1e12,
  '',
  'a',
  'vip',
  'none',
  'a b',
  '1',
  'x'.repeat(300),
  [],
  [''],
  ['a'],
  [1],
  [-1],
  [1.5],
  [[1, 2]],
  [['a']],
  [[]],
  ['a', 1],
  [null],
  [{}],
  Array.from({ length: 17 }, () => 'a'),
  [[5, 1.5]],
  [['Hello', false]],
  [['', 1]],
  [[5, 1, 2]],
  {},
  { a: 1 },
  { '5': 1 },
  { '5': 101 },
  { prompt_string: 'a' },
  { type: 'text' },
  { type: 'function' },
  [{ type: 'text', text: 'a' }],
  [{ type: 'message', role: 'user', content: 'a' }],
  [{ role: 'user', content: [{ type: 'input_text', text: 'a' }] }],
  [{ id: 'msg_1' }],
  [{ role: 'user', content: 'a' }],
  [{ role: 'user', content: [] }],
  [{ role: 'user', content: [{ type: 'image' }] }],
  [{ role: 'nobody', content: 'a' }],
  [{ role: 'tool', content: [{ type: 'text', text: 'a' }] }],
  [{ type: 'function', function: { name: 'a' } }],
  [{ type: 'function', function: { name: 'a b' } }],
  [{ type: 'function', name: 'a' }],
  [{ name: 'a', input_schema: {} }],
  ['penalties', 'temp'],
  'edsk',
];

/** The limits that a schema names, and what lies beyond. */
function limitsIn(schema: unknown): unknown[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = Object.entries(schema).flatMap(([key, value]): unknown[] => {
    if (key === 'enum' && Array.isArray(value)) return value;
    if (key === 'const') return [value];
    if (typeof value !== 'number' || Math.abs(value) >= Number.MAX_SAFE_INTEGER) return [];
    if (/^(?:exclusive)?(?:Minimum|Maximum|minimum|maximum)$/u.test(key)) return [value - 1, value, value + 1];
    if (key === 'maxLength' && value < 1e6) return ['x'.repeat(value), 'x'.repeat(value + 1)];
    return [];
  });
  return [...own, ...Object.values(schema).flatMap(limitsIn)];
}

function fieldsOf(name: string): readonly DescribedField[] {
  const whole = document.components.schemas[name] ?? {};
  const members = (whole['anyOf'] ?? [whole]) as readonly JsonSchema[];
  const start = `openapi#/components/schemas/${name}`;
  return members.flatMap((member, index) => {
    const place = member === whole ? start : `${start}/anyOf/${String(index)}`;
    const properties = member['properties'] as Readonly<Record<string, JsonSchema>>;
    return Object.entries(properties).map(([field, schema]) => ({
      field,
      schema,
      pointer: `${place}/properties/${field}`,
    }));
  });
}

describe('every field of a request is described as it is checked', () => {
  for (const [key, { body }] of Object.entries(operations)) {
    const name = body && /schemas\/(\w+)$/u.exec(JSON.stringify(schemaOf(key)).replaceAll('"}', ''))?.[1];
    if (body === undefined || name === undefined) continue;

    it(key, () => {
      const differences: string[] = [];
      for (const described of fieldsOf(name)) {
        const { field, schema } = described;
        const own: unknown = shapeOf(body.schema)[field] ?? {};
        if (isBeyondSchemas(name, field) || judged.has(own)) continue;
        judged.add(own);
        const [isTaken, isDescribed] = judgesOf(name, described, body);
        for (const value of [...plainValues, ...limitsIn(schema)]) {
          if (isTaken(value) === isDescribed(value)) continue;
          const shown = JSON.stringify(value).slice(0, 80);
          differences.push(`${field}: ${shown} is ${isTaken(value) ? 'taken' : 'refused'}, and described otherwise`);
        }
      }
      assert.deepEqual([...new Set(differences)], []);
    });
  }
});

function schemaOf(key: string): unknown {
  const [method = '', path = ''] = key.split(' ');
  const { requestBody } = document.paths[path]?.[method.toLowerCase()] as {
    readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: unknown }>> };
  };
  return requestBody?.content['application/json']?.schema ?? {};
}
