import { z } from 'zod';
import { tiers } from '../../native-types.js';
import type { Tier } from '../../native-types.js';
import { integerBetween } from './fields.js';

export const longestDeadlineMs = 86_400_000;
const longestUser = 256;
const mostTags = 16;
const longestTag = 64;
const mostDependencies = 16;

export const priorityError = `one of "${tiers.join('", "')}" or a whole number from 1 (low) to 4 (vip)`;

/** The tier of a name or of a number from 1 (low) to 4 (vip), else undefined. */
export function tierOf(value: unknown): Tier | undefined {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 1 ? tiers[tiers.length - value] : undefined;
  return tiers.find((tier) => tier === value);
}

const priority = z
  .unknown()
  .transform((value, context): Tier | undefined => {
    if (value == null) return undefined;
    const tier = tierOf(value);
    if (tier === undefined) context.addIssue({ code: 'custom', message: priorityError, input: value });
    return tier;
  })
  .optional();

function isListOfText(value: unknown, most: number, fits: (item: string) => boolean): value is string[] {
  return Array.isArray(value) && value.length <= most && value.every((item) => typeof item === 'string' && fits(item));
}

const tagsError = `an array of at most ${String(mostTags)} strings of 1 to ${String(longestTag)} characters`;
const dependenciesError = `an array of at most ${String(mostDependencies)} request ids`;
const userError = `a string of at most ${String(longestUser)} characters`;

/** How a request shares the model with others; on both endpoints. */
export const schedulingFields = {
  priority,
  deadline_ms: integerBetween(1, longestDeadlineMs),
  user: z.string({ error: userError }).max(longestUser, { error: userError }).nullish(),
  tags: z
    .custom<string[]>((value) => isListOfText(value, mostTags, (tag) => tag.length > 0 && tag.length <= longestTag), {
      error: tagsError,
    })
    .nullish(),
  retry_count: integerBetween(0, 100),
  estimated_tokens: integerBetween(1, 2_000_000),
  dependencies: z
    .custom<string[]>((value) => isListOfText(value, mostDependencies, (id) => /^[\w.:-]{1,128}$/.test(id)), {
      error: dependenciesError,
    })
    .nullish(),
  service_tier: z
    .enum(['auto', 'default', 'flex', 'scale', 'priority'], {
      error: '"auto", "default", "flex", "scale" or "priority"',
    })
    .nullish(),
};

/** Those of requests that are no generations: nothing depends on them, and they depend on nothing. */
export const workFields = {
  priority: schedulingFields.priority,
  deadline_ms: schedulingFields.deadline_ms,
  user: schedulingFields.user,
};

export type SchedulingBody = Partial<z.infer<z.ZodObject<typeof schedulingFields>>>;
