import { z } from 'zod';
import { writtenAs } from './written-as.js';

const mostBiases = 65_536;
const error =
  'an object of token ids with numbers from -100 to 100, or an array of pairs such as [15043, -1.5], ["Hello", false]';

/** A token id or a text, and what is added to its logits; -Infinity forbids it. */
export type Bias = readonly [number | string, number];

/** Before anything is made of it. */
export function isOverlong(value: object): boolean {
  return (Array.isArray(value) ? value : Object.keys(value)).length > mostBiases;
}

function biasOf(value: unknown): number | undefined {
  if (value === false) return -Infinity;
  return typeof value === 'number' && Math.abs(value) <= 1e6 ? value : undefined;
}

function pairOf(value: unknown): Bias | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [token, amount] = value as readonly unknown[];
  const bias = biasOf(amount);
  if (bias === undefined) return undefined;
  if (typeof token === 'string') return token === '' ? undefined : [token, bias];
  return typeof token === 'number' && Number.isInteger(token) && token >= 0 && token <= 0x7fffffff
    ? [token, bias]
    : undefined;
}

function entryOf([token, bias]: readonly [string, unknown]): Bias | undefined {
  const fits = /^\d{1,9}$/.test(token) && typeof bias === 'number' && bias >= -100 && bias <= 100;
  return fits ? [Number(token), bias] : undefined;
}

/** Undefined when one of them is none. */
function biasesOf(value: object): Bias[] | undefined {
  const biases: Bias[] = [];
  const entries = Array.isArray(value) ? value.map(pairOf) : Object.entries(value).map(entryOf);
  for (const bias of entries) {
    if (bias === undefined) return undefined;
    biases.push(bias);
  }
  return biases;
}

const pairsForm = z
  .array(
    z.tuple([
      z.union([z.string().min(1), z.int().min(0).max(0x7fffffff)]),
      z.union([z.literal(false), z.number().min(-1e6).max(1e6)]),
    ]),
  )
  .max(mostBiases);

function formOf(map: z.ZodType): z.ZodType {
  return z.union([map, pairsForm]).nullable();
}

/** llama-server's map has texts as keys, too, and larger numbers. */
export const llamaLogitBiasForm = formOf(
  z.record(z.string().min(1), z.union([z.literal(false), z.number().min(-1e6).max(1e6)])),
);

/** OpenAI's map or llama.cpp's list. */
export const logitBias = writtenAs(
  formOf(z.record(z.string().regex(/^\d{1,9}$/), z.number().min(-100).max(100))),
  z.unknown().transform((value, context): readonly Bias[] | undefined => {
    if (value == null) return undefined;
    const biases = typeof value === 'object' && !isOverlong(value) ? biasesOf(value) : undefined;
    if (biases !== undefined) return biases;
    context.addIssue({ code: 'custom', message: error, input: value });
    return z.NEVER;
  }),
).optional();
