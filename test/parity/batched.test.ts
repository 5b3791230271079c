/**
 * A text alone and the same text together with 31 others. Trained models must give the same. llama.cpp's kernels are not
 * the same to the bit for one row and for many, so where random weights make ties, a token may differ if it was one.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadModel } from '../../lib/index.js';
import type { GenerationResult, Model, TokenLogprob } from '../../lib/index.js';
import { testModels } from '../support/with-model.js';
import { syntheticModel } from './models.js';
import { prompts } from './prompts.js';

const tokens = 32;
const others = 31;
const settings = { contextSize: 256, parallel: others + 1, threads: 1 };
const options = { temperature: 0, maxTokens: tokens, ignoreEos: true, logprobs: 20 };

async function alone(model: Model): Promise<GenerationResult[]> {
  const results: GenerationResult[] = [];
  for (const prompt of prompts) results.push(await model.complete(prompt, options));
  return results;
}

/** Each prompt once more, always 32 at a time. */
async function batched(model: Model): Promise<GenerationResult[]> {
  const results: GenerationResult[] = [];
  for (const [index, prompt] of prompts.entries()) {
    const crowd = Array.from({ length: others }, (_, i) => prompts[(index + 1 + i) % prompts.length] ?? prompt);
    const [first] = await Promise.all([prompt, ...crowd].map((text) => model.complete(text, options)));
    if (first !== undefined) results.push(first);
  }
  return results;
}

interface Difference {
  /** Of the log probability of the same token, up to and including the first position where they chose differently. */
  readonly largest: number;
  /** The same before that position: what a lost lead is judged by, so that it must not be measured where it was lost. */
  readonly largestBefore: number;
  /** Where they chose differently: how far the chosen token was ahead, when alone, of the one that took its place. */
  readonly lead: number | undefined;
}

function shift(own: TokenLogprob, other: TokenLogprob): number {
  const moved = own.top.map(({ id, logprob }) => {
    const same = other.top.find((candidate) => candidate.id === id);
    return same === undefined ? 0 : Math.abs(logprob - same.logprob);
  });
  return Math.max(0, ...moved);
}

/** Both were computed from the same tokens up to and including the first position where they chose differently. */
function difference(one: readonly TokenLogprob[], many: readonly TokenLogprob[]): Difference {
  assert.equal(one.length, tokens);
  assert.equal(many.length, tokens);
  let largestBefore = 0;
  for (const [index, own] of one.entries()) {
    const other = many[index] ?? own;
    const largest = Math.max(largestBefore, shift(own, other));
    if (own.id !== other.id) {
      const replacement = own.top.find(({ id }) => id === other.id)?.logprob ?? -Infinity;
      return { largest, largestBefore, lead: own.logprob - replacement };
    }
    largestBefore = largest;
  }
  return { largest: largestBefore, largestBefore, lead: undefined };
}

describe('text together with 31 others', () => {
  for (const { name, path } of testModels) {
    it(`is the text alone: ${name}`, async () => {
      await using model = await loadModel(path, settings);
      const texts = (results: readonly GenerationResult[]): string[] => results.map(({ text }) => text);
      assert.deepEqual(texts(await batched(model)), texts(await alone(model)));
    });
  }

  it('differs only at near ties: random weights', { timeout: 900_000 }, async (context) => {
    const { name, path } = syntheticModel();
    await using model = await loadModel(path, settings);
    const one = await alone(model);
    const many = await batched(model);
    const found = one.map((result, index) => difference(result.logprobs ?? [], many[index]?.logprobs ?? []));
    const largest = Math.max(...found.map((each) => each.largest));
    const largestBefore = Math.max(...found.map((each) => each.largestBefore));
    const leads = found.flatMap(({ lead }) => (lead === undefined ? [] : [lead]));
    context.diagnostic(
      `${name}: ${String(leads.length)} of ${String(prompts.length)} texts differ within ${String(tokens)} tokens; ` +
        `largest difference of a log probability ${largest.toFixed(5)}, where the tokens agree ${largestBefore.toFixed(5)}; ` +
        `largest lead of a token that was not chosen again ${Math.max(0, ...leads).toFixed(5)}`,
    );
    // Two tokens can change places only if together they moved by their distance.
    for (const lead of leads) assert.ok(lead <= 2 * largestBefore, `a lead of ${String(lead)} was lost`);
    // llama.cpp's own server, with the same kernels and load, moves them by 0.31. With F16 weights, whose kernels do not
    // round activations to eight bits, it is 0.01 in both.
    assert.ok(largest < 0.5, `log probabilities differ by ${String(largest)}`);
  });
});
