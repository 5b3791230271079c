import { z } from 'zod';
import { samplerNames } from '../../native-sampling-types.js';
import type { NativeRareSamplers, SamplerName } from '../../native-sampling-types.js';
import { arrayOf, integerBetween, numberBetween } from './fields.js';
import { writtenAs } from './written-as.js';

/** llama.cpp's one-letter names, as its `samplers` field takes them in a string. */
const letters: Readonly<Record<string, SamplerName>> = {
  e: 'penalties',
  d: 'dry',
  s: 'top_n_sigma',
  k: 'top_k',
  y: 'typ_p',
  p: 'top_p',
  m: 'min_p',
  x: 'xtc',
  t: 'temperature',
  i: 'infill',
  a: 'adaptive_p',
};
const aliases: Readonly<Record<string, SamplerName>> = {
  typical_p: 'typ_p',
  typical: 'typ_p',
  typ: 'typ_p',
  nucleus: 'top_p',
  temp: 'temperature',
};

const orderError = `an array of sampler names (${samplerNames.join(', ')})`;
const mostBreakers = 64;
const breakersError = `an array of at most ${String(mostBreakers)} strings of 1 to 40 characters`;

function samplerOf(name: unknown): SamplerName | undefined {
  if (typeof name !== 'string') return undefined;
  return samplerNames.find((known) => known === name) ?? aliases[name];
}

const orderForm = z.union([
  z.array(z.enum([...samplerNames, ...Object.keys(aliases)])).max(samplerNames.length),
  z
    .string()
    .regex(new RegExp(`^[${Object.keys(letters).join('')}]*$`, 'u'))
    .max(samplerNames.length),
]);

const order = writtenAs(
  orderForm.nullable(),
  z.unknown().transform((value, context): readonly SamplerName[] | undefined => {
    if (value == null) return undefined;
    const named =
      typeof value === 'string'
        ? Array.from(value.slice(0, 2 * samplerNames.length)).map((letter) => letters[letter])
        : value;
    const isList = Array.isArray(named) && named.length <= samplerNames.length;
    const names = isList ? named.map(samplerOf) : [undefined];
    const known = names.filter((name) => name !== undefined);
    if (known.length === names.length) return known;
    context.addIssue({ code: 'custom', message: orderError, input: value });
    return z.NEVER;
  }),
).optional();

const breakers = arrayOf(
  z.string({ error: breakersError }).min(1, { error: breakersError }).max(40, { error: breakersError }),
  { error: breakersError, most: mostBreakers },
).nullish();

const mostTokens = 2_000_000;

/** llama.cpp's samplers that few requests use; its names, defaults and meanings. */
export const rareSamplerFields = {
  samplers: order.describe("The samplers in their order: names, or llama.cpp's one-letter names in one string."),
  min_keep: integerBetween(0, mostTokens).describe('Tokens that every sampler leaves at least. Default 0.'),
  dynatemp_range: numberBetween(0, 2).describe(
    'Dynamic temperature: how far it may go from `temperature`; 0 is off. Default 0.',
  ),
  dynatemp_exponent: numberBetween(0, 100).describe('Dynamic temperature: how entropy maps to it. Default 1.'),
  top_n_sigma: numberBetween(-1, 100).describe(
    'Keeps tokens within so many standard deviations of the best logit; -1 is off. Default -1.',
  ),
  xtc_probability: numberBetween(0, 1).describe('XTC: how often it removes the likeliest tokens; 0 is off. Default 0.'),
  xtc_threshold: numberBetween(0, 1).describe('XTC: how likely a token is that it removes. Default 0.1.'),
  dry_multiplier: numberBetween(0, 100).describe(
    'DRY: strength of the penalty on repeated sequences; 0 is off. Default 0.',
  ),
  dry_base: numberBetween(1, 100).describe('DRY: how the penalty grows with the length. Default 1.75.'),
  dry_allowed_length: integerBetween(0, mostTokens).describe(
    'DRY: repeated sequences up to this length are free. Default 2.',
  ),
  dry_penalty_last_n: integerBetween(-1, mostTokens).describe(
    'DRY: how many tokens it looks back on; -1 for all. Default -1.',
  ),
  dry_sequence_breakers: breakers.describe('DRY: texts that end a sequence.'),
  mirostat: integerBetween(0, 2).describe('Mirostat: 0 is off, 1 or 2 its version. Default 0.'),
  mirostat_tau: numberBetween(0, 100).describe('Mirostat: the entropy to aim at. Default 5.'),
  mirostat_eta: numberBetween(0, 1).describe('Mirostat: its rate of learning. Default 0.1.'),
  adaptive_target: numberBetween(-1, 1).describe('Adaptive-p: the probability to aim at; below 0 is off. Default -1.'),
  adaptive_decay: numberBetween(0, 0.99).describe('Adaptive-p: how slowly it forgets. Default 0.9.'),
};

export type RareSamplerBody = z.infer<z.ZodObject<typeof rareSamplerFields>>;

/** Tokens DRY looks back on. The engine reserves room for them: never more than the context holds. */
function dryWindow(body: RareSamplerBody, contextSize: number): number {
  const asked = body.dry_penalty_last_n ?? -1;
  return asked === -1 ? contextSize : Math.min(asked, contextSize);
}

/** Nothing when the request uses none of them, so that it stays on the fast path. */
export function rareSamplers(body: RareSamplerBody, contextSize: number): { samplers?: NativeRareSamplers } {
  const given: readonly (readonly [keyof NativeRareSamplers, unknown])[] = [
    ['order', body.samplers],
    ['minKeep', body.min_keep],
    ['dynatempRange', body.dynatemp_range],
    ['dynatempExponent', body.dynatemp_exponent],
    ['topNSigma', body.top_n_sigma],
    ['xtcProbability', body.xtc_probability],
    ['xtcThreshold', body.xtc_threshold],
    ['dryMultiplier', body.dry_multiplier],
    ['dryBase', body.dry_base],
    ['dryAllowedLength', body.dry_allowed_length],
    ['drySequenceBreakers', body.dry_sequence_breakers],
    ['mirostat', body.mirostat],
    ['mirostatTau', body.mirostat_tau],
    ['mirostatEta', body.mirostat_eta],
    ['adaptiveTarget', body.adaptive_target],
    ['adaptiveDecay', body.adaptive_decay],
  ];
  const set = given.filter(([, value]) => value != null);
  if (set.length === 0) return {};
  return { samplers: { ...Object.fromEntries(set), dryPenaltyLastN: dryWindow(body, contextSize) } };
}
