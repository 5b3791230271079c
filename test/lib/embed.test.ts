import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Model } from '../../lib/index.js';
import { endless, firstTestModel, loadTestModel } from '../support/with-model.js';

const length = (vector: Float32Array): number => Math.hypot(...vector);
const cosine = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);

describe('embed', () => {
  let model: Model;
  before(async () => {
    model = await loadTestModel({ parallel: 2 });
  });
  after(async () => {
    await model.unload();
  });

  it('gives one vector per input, in order, of length 1', async () => {
    const inputs = ['The cat sat on the mat.', 'Two plus three', 'The cat sat on the mat.'];
    const vectors = await model.embed(inputs);
    assert.equal(vectors.length, 3);
    for (const vector of vectors) {
      assert.equal(vector.length, model.info.embeddingLength);
      assert.ok(Math.abs(length(vector) - 1) < 1e-5);
    }
    const [first, second, third] = vectors as [Float32Array, Float32Array, Float32Array];
    assert.ok(cosine(first, third) > 0.9999);
    assert.ok(cosine(first, second) < 0.999);
    const single = await model.embed(inputs[1] ?? '');
    assert.ok(cosine(single, second) > 0.9999);
  });

  it('leaves the length alone when asked', async () => {
    const raw = await model.embed('The cat sat on the mat.', { normalize: false });
    const unit = await model.embed('The cat sat on the mat.');
    assert.ok(Math.abs(length(raw) - 1) > 1e-3);
    assert.ok(Math.abs(cosine(raw, unit) - length(raw)) < 1e-3 * length(raw));
  });

  it('of nothing is nothing', async () => {
    assert.deepEqual(await model.embed([]), []);
  });

  it('works beside generations and leaves their text alone', async () => {
    const [prompt = ''] = firstTestModel().prompts;
    const options = { ...endless, maxTokens: 60 };
    const { text } = await model.complete(prompt, options);
    const [beside, vectors] = await Promise.all([
      model.complete(prompt, options),
      model.embed(Array.from({ length: 20 }, (_, index) => `Number ${String(index)}`)),
    ]);
    assert.equal(beside.text, text);
    assert.equal(vectors.length, 20);
  });

  it('refuses an input that is longer than the context', async () => {
    await assert.rejects(model.embed('word '.repeat(5000)), { code: 'context_length_exceeded' });
  });
});
