import { z } from 'zod';

/** One prompt or input: text or token ids. */
export type Prompt = string | readonly number[];

export function isTokens(value: unknown): value is number[] {
  return (
    Array.isArray(value) && value.length > 0 && value.every((id) => Number.isInteger(id) && id >= 0 && id <= 0x7fffffff)
  );
}

const tokensForm = z.array(z.int().min(0).max(0x7fffffff)).min(1);

/** What `promptsOf` takes, for `writtenAs`. */
export const promptsForm = z.union([z.string(), z.array(z.string()).min(1), tokensForm, z.array(tokensForm).min(1)]);

/**
 * One or several of OpenAI's forms; undefined for what is none. Checked by hand: a schema per element is slow for prompts
 * of many thousand tokens.
 */
export function promptsOf(value: unknown): readonly Prompt[] | undefined {
  if (typeof value === 'string') return [value];
  if (isTokens(value)) return [value];
  if (!Array.isArray(value) || value.length === 0) return undefined;
  if (value.every((item) => typeof item === 'string')) return value;
  return value.every(isTokens) ? value : undefined;
}
