/** Ember as an ONNX graph and as a GGUF file with the same float32 weights: the same network, so the same answers. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { emberF32, emberOnnx, type EmberName } from '../../fixtures/ember.js';
import { readGgufModel } from '../../fixtures/gguf-weights.js';
import { loadModel } from '../../lib/index.js';
import type { GenerationResult, Model } from '../../lib/index.js';
import { openOnnxModel } from '../../lib/onnx/open-onnx-model.js';
import { prompts } from '../parity/prompts.js';
import { DecoderRun, likeliest, logSoftmax } from './decoder-run.js';

const tokens = 48;
const greedy = { temperature: 0, maxTokens: tokens, logprobs: 20 };
/** Of each logit. */
const tolerance = 1e-3;

let gguf: Model;
let references: readonly GenerationResult[];

before(async () => {
  gguf = await loadModel(await emberF32(), {
    ...{ contextSize: 256, parallel: 1, threads: 1 },
    // The usual float16 cache alone moves log probabilities by 1e-2.
    cache: { type: 'f32' },
  });
  references = [];
  for (const prompt of prompts) references = [...references, await gguf.complete(prompt, greedy)];
});

after(async () => {
  await gguf.unload();
});

function promptTokens(prompt: string): number[] {
  return Array.from(gguf.tokenize(prompt, { addSpecial: true, parseSpecial: true }));
}

/** The tokens that the reference chose, and of each step the log probabilities that it gave. */
function stepsOf({ logprobs }: GenerationResult) {
  assert.ok(logprobs !== undefined);
  return logprobs;
}

/** The largest difference of a log probability that GGUF reported, over all steps. */
function largestShift(reference: GenerationResult, logits: readonly Float32Array[]): number {
  const shifts = stepsOf(reference).flatMap(({ top }, step) => {
    const own = logSoftmax(logits[step] ?? new Float32Array());
    return top.map(({ id, logprob }) => Math.abs(logprob - (own[id] ?? Infinity)));
  });
  return Math.max(...shifts);
}

/** Greedy, one token a step, through the graph's cache. */
async function generate(run: DecoderRun, prompt: readonly number[], most: number) {
  const ids: number[] = [];
  const logits: Float32Array[] = [];
  let next = prompt;
  while (ids.length < most) {
    const last = (await run.logits(next)).at(-1);
    assert.ok(last !== undefined);
    logits.push(last);
    const id = likeliest(last);
    ids.push(id);
    next = [id];
  }
  return { ids, logits };
}

describe('Ember through ONNX', () => {
  for (const name of ['ember', 'ember-gqa'] satisfies EmberName[]) {
    it(`${name}: writes the greedy text of the GGUF file for 20 prompts, with its log probabilities`, async (t) => {
      await using model = await openOnnxModel(`${await emberOnnx(name)}/model.onnx`);
      let largest = 0;
      for (const [index, reference] of references.entries()) {
        const steps = stepsOf(reference);
        const prompt = promptTokens(prompts[index] ?? '');
        const { ids, logits } = await generate(new DecoderRun(model), prompt, steps.length);
        assert.deepEqual(
          ids,
          steps.map(({ id }) => id),
          prompts[index],
        );
        assert.equal(gguf.detokenize(ids, { removeSpecial: true, unparseSpecial: false }), reference.text);
        largest = Math.max(largest, largestShift(reference, logits));
      }
      t.diagnostic(`largest difference of a log probability: ${largest.toExponential(1)}`);
      assert.ok(largest < tolerance, String(largest));
    });
  }

  for (const name of ['ember-fp16', 'ember-gqa-fp16'] satisfies EmberName[]) {
    it(`${name}: stays within what half precision can give`, async (t) => {
      await using model = await openOnnxModel(`${await emberOnnx(name)}/model.onnx`);
      let largest = 0;
      for (const [index, reference] of references.entries()) {
        const prompt = promptTokens(prompts[index] ?? '');
        // The reference's own tokens are fed, because two that are nearly even may change places.
        const all = [...prompt, ...stepsOf(reference).map(({ id }) => id)];
        const logits = await new DecoderRun(model).logits(all);
        largest = Math.max(largest, largestShift(reference, logits.slice(prompt.length - 1)));
      }
      t.diagnostic(`largest difference of a log probability: ${largest.toExponential(1)}`);
      assert.ok(largest < 0.25, String(largest));
    });
  }

  it('gives the same logits for many tokens in one run as one by one', async () => {
    await using model = await openOnnxModel(`${await emberOnnx()}/model.onnx`);
    const all = promptTokens('Once upon a time, there was a little dog named Max.');
    const together = await new DecoderRun(model).logits(all);
    const run = new DecoderRun(model);
    for (const [index, token] of all.entries()) {
      const [one] = await run.logits([token]);
      const other = together[index];
      assert.ok(one !== undefined && other !== undefined);
      assert.ok(one.every((value, id) => Math.abs(value - (other[id] ?? Infinity)) < tolerance));
    }
  });

  /**
   * Log probabilities say nothing of a constant on all logits. Embeddings do: they are the mean of what the last layer
   * gives, and the output matrix, which is the token embedding, is linear: it makes the mean of all logits from them.
   */
  it('gives all 2048 logits of the GGUF file, averaged over the tokens of a text', async (t) => {
    const { tensors } = await readGgufModel(await emberF32());
    const matrix = tensors.get('token_embd.weight') ?? new Float32Array();
    await using model = await openOnnxModel(`${await emberOnnx()}/model.onnx`);
    let largest = 0;
    for (const prompt of prompts) {
      const ids = promptTokens(prompt);
      const hidden = await gguf.embed(Int32Array.from(ids), { normalize: false });
      const rows = await new DecoderRun(model).logits(ids);
      for (let id = 0; id < matrix.length / hidden.length; id++) {
        const row = matrix.subarray(id * hidden.length, (id + 1) * hidden.length);
        const expected = row.reduce((sum, weight, index) => sum + weight * (hidden[index] ?? 0), 0);
        const mean = rows.reduce((sum, logits) => sum + (logits[id] ?? Infinity), 0) / rows.length;
        largest = Math.max(largest, Math.abs(mean - expected));
      }
    }
    t.diagnostic(`largest difference of a logit: ${largest.toExponential(1)}`);
    assert.ok(largest < tolerance, String(largest));
  });
});
