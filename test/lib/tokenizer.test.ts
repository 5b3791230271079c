import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadModel } from '../../lib/index.js';
import type { Model } from '../../lib/index.js';
import { loadTestModel, testModels } from '../support/with-model.js';

/** llama.cpp's own vectors: texts in .inp, one line of token ids for each in .out. */
const vectors = fileURLToPath(new URL('../../native/vendor/llama.cpp/models', import.meta.url));
const separator = '\n__ggml_vocab_test__\n';
const vocabularies = readdirSync(vectors)
  .filter((name) => name.endsWith('.gguf.out'))
  .map((name) => name.slice(0, -'.out'.length));

describe('tokenizer vectors of llama.cpp', () => {
  it('are there', () => {
    assert.ok(vocabularies.length >= 14, `only ${String(vocabularies.length)} vocabularies`);
  });

  for (const vocabulary of vocabularies) {
    it(vocabulary, async () => {
      await using model = await loadModel(join(vectors, vocabulary), { vocabularyOnly: true });
      const texts = readFileSync(join(vectors, `${vocabulary}.inp`), 'utf8').split(separator);
      const lines = readFileSync(join(vectors, `${vocabulary}.out`), 'utf8').split('\n');
      assert.ok(texts.length > 40);
      for (const [index, text] of texts.entries()) {
        const wanted = (lines[index] ?? '').trim().split(/\s+/u).filter(Boolean).map(Number);
        assert.deepEqual([...model.tokenize(text)], wanted, JSON.stringify(text));
      }
    });
  }
});

describe('a model of which only the vocabulary was loaded', () => {
  it('tokenizes and renders chats, and refuses to compute', async () => {
    await using model = await loadModel(join(vectors, 'ggml-vocab-llama-bpe.gguf'), { vocabularyOnly: true });
    assert.equal(model.detokenize(model.tokenize('Hello, world!')), 'Hello, world!');
    assert.match(model.renderChat([{ role: 'user', content: 'Hello!' }]), /Hello!/u);
    assert.throws(() => model.complete('x'), { code: 'unsupported_model' });
    await assert.rejects(model.embed('x'), { code: 'unsupported_model' });
  });
});

const texts = [
  'Once upon a time there was a little girl.',
  'Two  spaces, a\ttab and\nnew lines.\n\n',
  'Grüße, naïve café, smørrebrød',
  '日本語と中文와 한국어',
  'emoji 😀 👩‍👩‍👧‍👦 🇩🇪 and a combining e\u0301',
  'numbers 1234567890 and symbols @#$%^&*()',
  '',
];

for (const { name, path } of testModels) {
  describe(`tokenize and detokenize with ${name}`, () => {
    let model: Model;
    before(async () => {
      model = await loadModel(path, { vocabularyOnly: true });
    });
    after(async () => {
      await model.unload();
    });

    for (const text of texts) {
      it(`give back ${JSON.stringify(text)}`, () => {
        const tokens = model.tokenize(text);
        assert.ok(tokens instanceof Int32Array);
        assert.equal(model.detokenize(tokens), text);
        assert.equal(model.detokenize([...tokens]), text);
      });
    }

    it('tokens are below the size of the vocabulary', () => {
      const { vocabularySize } = model.info;
      assert.ok(texts.every((text) => model.tokenize(text).every((token) => token >= 0 && token < vocabularySize)));
      assert.throws(() => model.detokenize([vocabularySize]), { code: 'invalid_argument' });
    });
  });
}

describe('special tokens', () => {
  it('are added, read and left out as asked', async () => {
    await using model = await loadTestModel({ vocabularyOnly: true });
    const { bosToken } = model.info;
    const plain = model.tokenize('Once');
    const bos = model.detokenize([bosToken]);
    assert.equal(plain.includes(bosToken), false);
    assert.notEqual(bos, '');
    assert.equal(model.detokenize([bosToken], { unparseSpecial: false }), '');
    assert.equal(model.tokenize(bos).includes(bosToken), false);
    assert.equal(model.tokenize(bos, { parseSpecial: true }).includes(bosToken), true);
    const special = model.tokenize('Once', { addSpecial: true });
    assert.equal(model.detokenize(special, { removeSpecial: true }).trim(), 'Once');
    assert.deepEqual([...special].slice(-plain.length), [...plain]);
  });
});
