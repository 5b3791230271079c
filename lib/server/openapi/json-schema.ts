/** JSON schemas (2020-12) of zod schemas, those with a name as references to `#/components/schemas`. */
import { z } from 'zod';
import { writtenFormOf } from '../schemas/written-as.js';

export type JsonSchema = Record<string, unknown>;

/** What a client may send, or what the server answers. */
type Direction = 'input' | 'output';

interface NamedSchema {
  readonly name: string;
  readonly direction: Direction;
}

const names = new WeakMap<z.core.$ZodType, NamedSchema>();

/** A schema that clients send, with a name of its own in the document. */
export function namedRequest<Schema extends z.ZodType>(name: string, schema: Schema): Schema {
  names.set(schema, { name, direction: 'input' });
  return schema;
}

/** A schema that the server answers with, with a name of its own in the document. */
export function namedAnswer<Schema extends z.ZodType>(name: string, schema: Schema): Schema {
  names.set(schema, { name, direction: 'output' });
  return schema;
}

function isRecord(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `{"type": ["integer", "null"], …}` instead of a union with null, where that says the same. */
function withoutNullUnion(schema: JsonSchema): JsonSchema {
  const { anyOf, ...rest } = schema;
  if (!Array.isArray(anyOf) || anyOf.length !== 2) return schema;
  const [inner, other] = anyOf as readonly unknown[];
  if (!isRecord(inner) || !isRecord(other) || other['type'] !== 'null' || typeof inner['type'] !== 'string')
    return schema;
  if ('enum' in inner || 'const' in inner) return schema;
  return { ...inner, ...rest, type: [inner['type'], 'null'] };
}

/** A union whose members are no unions that say nothing else. */
function withoutNestedUnion(schema: JsonSchema): JsonSchema {
  const { anyOf } = schema;
  if (!Array.isArray(anyOf)) return schema;
  const isBareUnion = (member: unknown): member is { readonly anyOf: readonly unknown[] } =>
    isRecord(member) && Array.isArray(member['anyOf']) && Object.keys(member).length === 1;
  return {
    ...schema,
    anyOf: (anyOf as unknown[]).flatMap((member) => (isBareUnion(member) ? member.anyOf : [member])),
  };
}

/** What zod writes and says nothing. */
function withoutNoise(schema: JsonSchema, direction: Direction): JsonSchema {
  delete schema['$schema'];
  if (isRecord(schema['propertyNames']) && JSON.stringify(schema['propertyNames']) === '{"type":"string"}') {
    delete schema['propertyNames'];
  }
  const { additionalProperties: others } = schema;
  // Fields may be added to answers; a client that refuses unknown ones would break.
  const isClosedAnswer = direction === 'output' && others === false;
  const isAnything = isRecord(others) && Object.keys(others).length === 0;
  if (isClosedAnswer || (isAnything && direction === 'input')) delete schema['additionalProperties'];
  else if (isAnything) schema['additionalProperties'] = true;
  return schema;
}

function tidied(value: unknown, direction: Direction): unknown {
  if (Array.isArray(value)) return value.map((item) => tidied(item, direction));
  if (!isRecord(value)) return value;
  const inside = Object.fromEntries(Object.entries(value).map(([key, child]) => [key, tidied(child, direction)]));
  return withoutNullUnion(withoutNestedUnion(withoutNoise(inside, direction)));
}

/** Gathers the named schemas that others refer to. */
export class SchemaComponents {
  readonly #schemas = new Map<string, JsonSchema>();
  /** Fields that several requests have are converted once. */
  readonly #forms = new Map<z.core.$ZodType, JsonSchema>();

  /** By name. */
  get schemas(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.#schemas].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  request(schema: z.ZodType): JsonSchema {
    return this.#reference(schema) ?? this.#convert(schema, 'input');
  }

  answer(schema: z.ZodType): JsonSchema {
    return this.#reference(schema) ?? this.#convert(schema, 'output');
  }

  #reference(schema: z.core.$ZodType): JsonSchema | undefined {
    const named = names.get(schema);
    if (named === undefined) return schema._zod.parent === undefined ? undefined : this.#reference(schema._zod.parent);
    const { name, direction } = named;
    if (!this.#schemas.has(name)) {
      // Before it is known, so that a schema that holds itself ends.
      this.#schemas.set(name, {});
      this.#schemas.set(name, this.#convert(schema, direction));
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  #formOf(form: z.ZodType, direction: Direction): JsonSchema {
    const converted = this.#forms.get(form) ?? this.#convert(form, direction);
    this.#forms.set(form, converted);
    return converted;
  }

  #convert(root: z.core.$ZodType, direction: Direction): JsonSchema {
    const converted = z.toJSONSchema(root, {
      io: direction,
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => {
        const form = writtenFormOf(zodSchema);
        const reference = zodSchema === root ? undefined : this.#reference(zodSchema);
        const instead = reference ?? (form && this.#formOf(form, direction));
        if (instead === undefined) return;
        const { description } = jsonSchema;
        for (const key of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, key);
        Object.assign(jsonSchema, instead, description === undefined ? {} : { description });
      },
    });
    return tidied(JSON.parse(JSON.stringify(converted)), direction) as JsonSchema;
  }
}
