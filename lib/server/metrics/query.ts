import { z } from 'zod';
import { tiers } from '../../native-types.js';
import { statisticsWindows } from '../../native-statistics-types.js';
import type { Fault } from '../error-response.js';
import { writtenAs } from '../schemas/written-as.js';

const outcomes = ['stop', 'length', 'done', 'cancelled', 'error', 'refused'] as const;

function wholeNumber(least: number, most: number, usual: number) {
  const error = `a whole number from ${String(least)} to ${String(most)}`;
  const text = z
    .string()
    .regex(/^\d{1,9}$/u, { error })
    .transform(Number)
    .refine((value) => value >= least && value <= most, { error })
    .default(usual);
  return writtenAs(z.int().min(least).max(most).default(usual), text);
}

function oneOf<Name extends string>(names: readonly Name[]) {
  return z.enum(names, { error: `one of ${names.join(', ')}` }).optional();
}

/** Every field that some query has. */
export const queryFields = {
  limit: wholeNumber(1, 1000, 100),
  minutes: wholeNumber(1, 60, 60),
  model: z.string().optional(),
  priority: oneOf(tiers),
  outcome: oneOf(outcomes),
  window: oneOf(statisticsWindows),
  format: oneOf(['csv', 'json']),
};

export type QueryField = keyof typeof queryFields;
type Query<Field extends QueryField> = { readonly [Name in Field]: z.output<(typeof queryFields)[Name]> };

/** The query of a GET, of which these fields are known; an unknown one is a fault, since it would be ignored. */
export function readQuery<Field extends QueryField>(
  text: string,
  known: readonly Field[],
): { readonly query: Query<Field> } | { readonly faults: readonly Fault[] } {
  const given = Object.fromEntries(new URLSearchParams(text));
  const faults: Fault[] = Object.keys(given)
    .filter((name) => !(known as readonly string[]).includes(name))
    .map((name) => ({
      param: name,
      message: `Expected one of ${known.join(', ')} but received ${JSON.stringify(name)}.`,
    }));
  const query: Partial<Record<QueryField, unknown>> = {};
  for (const name of known) {
    const parsed = queryFields[name].safeParse(given[name]);
    if (parsed.success) query[name] = parsed.data;
    else {
      const expected = parsed.error.issues[0]?.message ?? 'another value';
      faults.push({
        param: name,
        message: `Expected ${expected} for ${name} but received ${JSON.stringify(given[name])}.`,
      });
    }
  }
  return faults.length > 0 ? { faults } : { query: query as Query<Field> };
}
