/** A JSON schema for readers: its type in words, and its fields below it. */
import { html } from '../../../markup.js';
import type { Markup } from '../../../markup.js';
import type { JsonSchema } from '../json-schema.js';

const prefix = '#/components/schemas/';

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function membersOf(schema: JsonSchema): readonly JsonSchema[] {
  const members = schema['anyOf'] ?? schema['oneOf'];
  return Array.isArray(members) ? members.filter(isSchema) : [];
}

export function referenceOf(schema: JsonSchema): string | undefined {
  const reference = schema['$ref'];
  return typeof reference === 'string' && reference.startsWith(prefix) ? reference.slice(prefix.length) : undefined;
}

const bounds: readonly (readonly [key: string, words: string])[] = [
  ['minimum', 'from'],
  ['exclusiveMinimum', 'over'],
  ['maximum', 'to'],
  ['minLength', 'characters from'],
  ['maxLength', 'characters up to'],
  ['minItems', 'items from'],
  ['maxItems', 'items up to'],
  ['pattern', 'matching'],
  ['default', 'default'],
];

function boundsOf(schema: JsonSchema): string {
  const found = bounds.filter(([key]) => schema[key] !== undefined);
  // The limits of JavaScript's whole numbers say nothing.
  const telling = found.filter(([key]) => Math.abs(Number(schema[key])) !== Number.MAX_SAFE_INTEGER);
  return telling.map(([key, words]) => ` ${words} ${String(schema[key])}`).join(',');
}

/** `string or null`, `list of ChatMessage`, `"a" or "b"`. */
export function typeMarkup(schema: JsonSchema): Markup {
  const name = referenceOf(schema);
  if (name !== undefined) return html`<a href="${`#schema-${name}`}">${name}</a>`;
  if ('const' in schema) return html`<code>${JSON.stringify(schema['const'])}</code>`;
  const values = schema['enum'];
  if (Array.isArray(values)) {
    return html`${values.map((value, index) => html`${index === 0 ? '' : ' or '}<code>${JSON.stringify(value)}</code>`)}`;
  }
  const members = membersOf(schema);
  if (members.length > 0)
    return html`${members.map((member, at) => html`${at === 0 ? '' : ' or '}${typeMarkup(member)}`)}`;
  const types = Array.isArray(schema['type'])
    ? (schema['type'] as string[])
    : [typeof schema['type'] === 'string' ? schema['type'] : 'anything'];
  const { items } = schema;
  const words = types.map((type) => (type === 'array' ? 'list' : type)).join(' or ');
  return html`${words}${isSchema(items) && Object.keys(items).length > 0 ? html` of ${typeMarkup(items)}` : undefined}${boundsOf(
    schema,
  )}`;
}

/** Code spans as such. */
export function proseMarkup(text: string): Markup {
  const parts = text.split('`');
  return html`${parts.map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`;
}

/** The objects in a schema that have fields: itself, its items, the members of its union. */
function objectsIn(schema: JsonSchema): readonly JsonSchema[] {
  if (referenceOf(schema) !== undefined) return [];
  if (isSchema(schema['properties'])) return [schema];
  const { items } = schema;
  if (isSchema(items)) return objectsIn(items);
  const { additionalProperties: others } = schema;
  if (isSchema(others)) return objectsIn(others);
  return membersOf(schema).flatMap(objectsIn);
}

function fieldMarkup(name: string, schema: JsonSchema, isNeeded: boolean): Markup {
  const { description } = schema;
  return html`<dt>
      <code>${name}</code> <span class="type">${typeMarkup(schema)}</span>${
        isNeeded ? html` <span class="needed">required</span>` : undefined
      }
    </dt>
    <dd>
      ${typeof description === 'string' ? proseMarkup(description) : undefined}${objectsIn(schema).map(
        (object) =>
          html`<details>
            <summary class="soft">fields</summary>
            ${fieldsMarkup(object)}
          </details>`,
      )}
    </dd>`;
}

function fieldsMarkup(schema: JsonSchema): Markup {
  const needed = new Set(Array.isArray(schema['required']) ? schema['required'] : []);
  const fields = Object.entries(isSchema(schema['properties']) ? schema['properties'] : {});
  // What must be there comes first.
  const ordered = [...fields.filter(([name]) => needed.has(name)), ...fields.filter(([name]) => !needed.has(name))];
  return html`<dl class="fields">
    ${ordered.map(([name, field]) => (isSchema(field) ? fieldMarkup(name, field, needed.has(name)) : undefined))}
  </dl>`;
}

/** A schema with all that is in it. */
export function schemaMarkup(schema: JsonSchema): Markup {
  const objects = objectsIn(schema);
  if (objects.length === 0) return html`<p class="type">${typeMarkup(schema)}</p>`;
  return html`${objects.map((object) => fieldsMarkup(object))}`;
}
