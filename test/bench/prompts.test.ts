import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadModel } from '../../lib/index.js';
import { longText, wordTokens } from '../../bench/prompts.js';

const vocabulary = fileURLToPath(
  new URL('../../native/vendor/llama.cpp/models/ggml-vocab-llama-spm.gguf', import.meta.url),
);

describe('long texts', () => {
  it('have so many words, the same for the same seed', () => {
    assert.equal(longText(1500).split(' ').length, 1500);
    assert.equal(longText(50, 2), longText(50, 2));
    assert.notEqual(longText(50, 2), longText(50, 3));
  });

  it('have one token for each word in the vocabulary of the synthetic models', async () => {
    await using model = await loadModel(vocabulary, { vocabularyOnly: true });
    const tokens = model.tokenize(longText(1000), { addSpecial: false });
    assert.equal(tokens.length, 1000);
    assert.deepEqual(new Set(tokens), new Set(wordTokens));
  });
});
