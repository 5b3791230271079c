import { z } from 'zod';
import { tiers } from '../../native-types.js';
import type { Tier } from '../../native-types.js';
import { integerBetween } from './fields.js';
import { writtenAs } from './written-as.js';

export const longestDeadlineMs = 86_400_000;
const longestUser = 256;
const mostTags = 16;
const longestTag = 64;
const mostDependencies = 16;
const requestId = /^[\w.:-]{1,128}$/;

export const priorityError = `one of "${tiers.join('", "')}" or a whole number from 1 (low) to 4 (vip)`;

/** The tier of a name or of a number from 1 (low) to 4 (vip), else undefined. */
export function tierOf(value: unknown): Tier | undefined {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 1 ? tiers[tiers.length - value] : undefined;
  return tiers.find((tier) => tier === value);
}

const priority = writtenAs(
  z.union([z.enum(tiers), z.int().min(1).max(tiers.length)]).nullable(),
  z.unknown().transform((value, context): Tier | undefined => {
    if (value == null) return undefined;
    const tier = tierOf(value);
    if (tier === undefined) context.addIssue({ code: 'custom', message: priorityError, input: value });
    return tier;
  }),
).optional();

function isListOfText(value: unknown, most: number, fits: (item: string) => boolean): value is string[] {
  return Array.isArray(value) && value.length <= most && value.every((item) => typeof item === 'string' && fits(item));
}

const tagsError = `an array of at most ${String(mostTags)} strings of 1 to ${String(longestTag)} characters`;
const dependenciesError = `an array of at most ${String(mostDependencies)} request ids`;
const userError = `a string of at most ${String(longestUser)} characters`;

/** How a request shares the model with others; on both endpoints. */
export const schedulingFields = {
  priority: priority.describe(
    'vip, high, normal, low or 4 to 1. Default: from service_tier, else normal. The header X-Inferno-Priority wins.',
  ),
  deadline_ms: integerBetween(1, longestDeadlineMs).describe(
    'Must have started by then, counted from its arrival. The header X-Inferno-Deadline-Ms wins.',
  ),
  user: z
    .string({ error: userError })
    .max(longestUser, { error: userError })
    .nullish()
    .describe('Whose fair share the request counts against.'),
  tags: writtenAs(
    z.array(z.string().min(1).max(longestTag)).max(mostTags),
    z.custom<string[]>((value) => isListOfText(value, mostTags, (tag) => tag.length > 0 && tag.length <= longestTag), {
      error: tagsError,
    }),
  )
    .nullish()
    .describe('Shown by GET /v1/requests/{id}.'),
  retry_count: integerBetween(0, 100).describe('How often this was tried before; shown by GET /v1/requests/{id}.'),
  estimated_tokens: integerBetween(1, 2_000_000).describe('Of the answer, for fair shares and estimates of waiting.'),
  dependencies: writtenAs(
    z.array(z.string().regex(requestId)).max(mostDependencies),
    z.custom<string[]>((value) => isListOfText(value, mostDependencies, (id) => requestId.test(id)), {
      error: dependenciesError,
    }),
  )
    .nullish()
    .describe('Ids of earlier requests (x-request-id) that must end well first.'),
  service_tier: z
    .enum(['auto', 'default', 'flex', 'scale', 'priority'], {
      error: '"auto", "default", "flex", "scale" or "priority"',
    })
    .nullish()
    .describe('`priority` is priority high, `default` normal, `flex` low.'),
};

/** Those of requests that are no generations: nothing depends on them, and they depend on nothing. */
export const workFields = {
  priority: schedulingFields.priority,
  deadline_ms: schedulingFields.deadline_ms,
  user: schedulingFields.user,
};

export type SchedulingBody = Partial<z.infer<z.ZodObject<typeof schedulingFields>>>;
