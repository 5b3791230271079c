import { z } from 'zod';
import { nestingDepth } from '../json-fault.js';
import { writtenAs } from './written-as.js';

/**
 * Field types whose message says what was expected; `parse-body.ts` adds the field's name and what was received.
 * OpenAI's clients send null for "not set", so optional fields take it.
 */

type Optional<Schema extends z.ZodType> = z.ZodOptional<z.ZodNullable<Schema>>;

/** Deeper values would recurse deeply in templates and grammars. */
export const deepest = 64;

export function numberBetween(least: number, most: number): Optional<z.ZodNumber> {
  const error = `a number from ${String(least)} to ${String(most)}`;
  return z.number({ error }).min(least, { error }).max(most, { error }).nullish();
}

export function integerBetween(least: number, most: number): Optional<z.ZodNumber> {
  const error = `a whole number from ${least.toLocaleString('en')} to ${most.toLocaleString('en')}`;
  return z.number({ error }).int({ error }).min(least, { error }).max(most, { error }).nullish();
}

export function numberOver0UpTo(most: number): Optional<z.ZodNumber> {
  const error = `a number over 0, at most ${String(most)}`;
  return z.number({ error }).gt(0, { error }).max(most, { error }).nullish();
}

export const flag = z.boolean({ error: 'true or false' }).nullish();

export const text = z.string({ error: 'a string' }).nullish();

/** An object whose inside is not ours to check, of bounded depth. */
export function looseObject(what = 'an object'): z.ZodRecord<z.ZodString, z.ZodUnknown> {
  const error = `${what} nested at most ${String(deepest)} levels deep`;
  return z
    .record(z.string(), z.unknown(), { error })
    .refine((value) => nestingDepth(value, deepest) <= deepest, { error });
}

/** A hostile array can hold a million faults; the checking of one array stops after this many. */
const mostFaults = 20;

export interface ArrayBounds {
  /** What is expected, when the value is not an array of that length. */
  readonly error: string;
  readonly least?: number;
  readonly most?: number;
}

interface CheckContext {
  addIssue(issue: { code: 'custom'; path?: PropertyKey[]; message: string }): void;
}

/** Checks the items of an array one by one; `error` is for what is not such an array at all. */
export function checkItems<Item extends z.ZodType>(
  value: unknown,
  item: Item,
  { error, least = 0, most = Infinity }: ArrayBounds,
  context: CheckContext,
): z.output<Item>[] {
  const items: z.output<Item>[] = [];
  if (!Array.isArray(value) || value.length < least || value.length > most) {
    context.addIssue({ code: 'custom', message: error });
    return items;
  }
  let faults = 0;
  for (const [index, candidate] of value.entries()) {
    const parsed = item.safeParse(candidate);
    if (parsed.success) {
      items.push(parsed.data);
      continue;
    }
    for (const issue of parsed.error.issues) {
      context.addIssue({ code: 'custom', path: [index, ...issue.path], message: issue.message });
      faults++;
    }
    if (faults >= mostFaults) break;
  }
  return items;
}

export function arrayOf<Item extends z.ZodType>(
  item: Item,
  bounds: ArrayBounds,
): z.ZodPipe<z.ZodUnknown, z.ZodTransform<z.output<Item>[]>> {
  const { least, most } = bounds;
  const list = least === undefined ? z.array(item) : z.array(item).min(least);
  return writtenAs(
    most === undefined ? list : list.max(most),
    z.unknown().transform((value, context) => checkItems(value, item, bounds, context)),
  );
}

const stopError = 'a string, or an array of at most 16 non-empty strings';

function isStop(value: unknown): value is string | string[] {
  if (!Array.isArray(value)) return typeof value === 'string' && value !== '';
  return value.length <= 16 && value.every((item) => typeof item === 'string' && item !== '');
}

const stopForm = z.union([z.string().min(1), z.array(z.string().min(1)).max(16)]);

export const stop = writtenAs(stopForm, z.custom<string | string[]>(isStop, { error: stopError })).nullish();
