import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { emberOnnx } from '../../fixtures/ember.js';
import { emberGguf } from '../../fixtures/onnx/ember.js';
import { SeededRandom } from '../../lib/bench/seeded-random.js';
import { loadModel } from '../../lib/index.js';
import type { Model } from '../../lib/index.js';
import { prompts } from '../parity/prompts.js';
import { huggingFaceTokenizer, type HuggingFaceTokenizer } from '../support/hugging-face-tokenizer.js';

let model: Model;
let tokenizer: HuggingFaceTokenizer;

before(async () => {
  model = await loadModel(emberGguf, { contextSize: 128, parallel: 1 });
  tokenizer = await huggingFaceTokenizer(await emberOnnx());
});

after(async () => {
  await model.unload();
});

const alphabet = [
  ...Array.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'),
  ...Array.from('  \t\n\r.,;:!?"\'()[]{}<>|/\\@#$%^&*-_=+~`'),
  ...Array.from('äöüßéèçñøåœ你好世界日本語한국어Привет'),
  ...['👋🏽', '🙂', "'s", "'LL", '\r\n', '   ', '\u00a0', '\u3000', '٣', '½', 'e\u0301'],
];

function randomText(random: SeededRandom): string {
  const length = random.integer(1, 40);
  return Array.from({ length }, () => alphabet[random.integer(0, alphabet.length - 1)]).join('');
}

async function ownDocuments(): Promise<string[]> {
  const docs = fileURLToPath(new URL('../../docs', import.meta.url));
  const names = (await readdir(docs)).filter((name) => name.endsWith('.md'));
  const texts = await Promise.all(names.map((name) => readFile(join(docs, name), 'utf8')));
  return texts.flatMap((text) => text.split('\n\n'));
}

function assertSameIds(texts: readonly string[]): void {
  for (const text of texts) {
    const { ids } = tokenizer.encode(text);
    const expected = Array.from(model.tokenize(text, { addSpecial: true, parseSpecial: true }));
    assert.deepEqual(ids, expected, JSON.stringify(text));
  }
}

describe('the tokenizer.json made from a GGUF vocabulary', () => {
  it('gives llama.cpp’s ids for prose in several scripts, code and tables', async () => {
    assertSameIds([...prompts, ...(await ownDocuments())]);
  });

  it('gives llama.cpp’s ids for 2,000 random mixtures of letters, digits, white space and emoji', () => {
    const random = new SeededRandom(1);
    assertSameIds(Array.from({ length: 2000 }, () => randomText(random)));
  });

  it('reads control tokens in a text as llama.cpp does', () => {
    assertSameIds(['<|user|>Hello!<|end|><|assistant|>', 'a<|end|>', '<|user|> <|user|>', '<|bos|>x', '<|en', '']);
  });

  it('gives back the text that its ids came from', () => {
    for (const text of prompts) {
      assert.equal(tokenizer.decode(tokenizer.encode(text).ids, { skip_special_tokens: true }), text);
    }
  });
});
