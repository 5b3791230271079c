/** Greedy text equals that of llama.cpp's own program from the same tree: the same number of tokens, the same bytes. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { loadModel } from '../../lib/index.js';
import type { Model } from '../../lib/index.js';
import { referenceBytes } from './llama-completion.js';
import { parityModels } from './models.js';
import { prompts } from './prompts.js';

const tokens = 48;
const contextSize = 512;

for (const { name, path, flashAttention } of parityModels()) {
  describe(`greedy text of ${name}`, () => {
    let model: Model;
    before(async () => {
      model = await loadModel(path, { contextSize, parallel: 1, threads: 1 });
    });
    after(async () => {
      await model.unload();
    });

    for (const prompt of prompts) {
      it(`after ${JSON.stringify(prompt)}`, async () => {
        const expected = await referenceBytes(prompt, { modelPath: path, tokens, contextSize, flashAttention });
        const options = { temperature: 0, maxTokens: tokens, ignoreEos: true, logprobs: 0 };
        const { text, usage, logprobs = [] } = await model.complete(prompt, options);
        assert.equal(usage.completionTokens, tokens);
        assert.equal(text, expected.toString());
        // Random weights write bytes that are no characters, which all look the same in the text.
        assert.deepEqual(Buffer.from(logprobs.flatMap(({ bytes }) => bytes)), expected);
      });
    }
  });
}
