/**
 * Some schemas check by hand, for speed or for better messages: `z.unknown()` and a function. What they take is written
 * beside them a second time, in zod's own terms, for the description of the API. Nothing is validated with that, but
 * `test/openapi/schemas.test.ts` compares both.
 */
import type { z } from 'zod';

const forms = new WeakMap<z.core.$ZodType, z.ZodType>();

/** `schema`, described to readers of the API as `form`. */
export function writtenAs<Schema extends z.ZodType>(form: z.ZodType, schema: Schema): Schema {
  forms.set(schema, form);
  return schema;
}

/** Of a schema or of what it was copied from, by `describe`. */
export function writtenFormOf(schema: z.core.$ZodType): z.ZodType | undefined {
  for (let one: z.core.$ZodType | undefined = schema; one !== undefined; one = one._zod.parent) {
    const form = forms.get(one);
    if (form !== undefined) return form;
  }
  return undefined;
}
