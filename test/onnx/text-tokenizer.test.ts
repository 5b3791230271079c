import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { emberOnnx } from '../../fixtures/ember.js';
import { encoderOnnx } from '../../fixtures/encoders.js';
import { loadModel } from '../../lib/index.js';
import type { Model } from '../../lib/index.js';
import type { TokenizerJson } from '../../lib/onnx/folder-schemas.js';
import { readModelFolder } from '../../lib/onnx/model-folder.js';
import type { OnnxModelFolder } from '../../lib/onnx/model-folder.js';
import { TextTokenizer } from '../../lib/onnx/tokenizer.js';
import { emberGguf } from '../../fixtures/onnx/ember.js';

const texts = [
  'The cat sat on the mat.',
  ' leading and  double spaces',
  'naïve café, 你好世界 🙂👋🏽',
  "it's 12345.67\n\ttabs and\r\nlines",
  '<|user|>\nHello!<|end|>',
  '',
];

/** The folder of Ember with another tokenizer.json. */
async function withTokenizer(json: Partial<TokenizerJson>): Promise<OnnxModelFolder> {
  const folder = await readModelFolder(await emberOnnx());
  return {
    ...folder,
    tokenizer: {
      ...folder.tokenizer,
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: null,
      post_processor: null,
      decoder: null,
      ...json,
    },
  };
}

describe("a text tokenizer of Ember's folder", () => {
  let gguf: Model;
  let tokenizer: TextTokenizer;
  before(async () => {
    gguf = await loadModel(emberGguf, { vocabularyOnly: true });
    tokenizer = new TextTokenizer(await readModelFolder(await emberOnnx()));
  });
  after(async () => {
    await gguf.unload();
  });

  it("gives llama.cpp's ids, with control tokens read or spelled out, with and without BOS", () => {
    for (const text of texts) {
      for (const parseSpecial of [true, false]) {
        for (const addSpecial of [true, false]) {
          const options = { addSpecial, parseSpecial };
          assert.deepEqual(
            tokenizer.tokenize(text, options),
            gguf.tokenize(text, options),
            JSON.stringify([text, options]),
          );
        }
      }
    }
  });

  it('gives back the text, and control tokens only when asked', () => {
    for (const text of texts) {
      const ids = gguf.tokenize(text, { parseSpecial: true });
      assert.equal(tokenizer.detokenize(ids, { unparseSpecial: true }), text);
    }
    const ids = tokenizer.tokenize('<|user|>Hello', { addSpecial: false, parseSpecial: true });
    assert.equal(tokenizer.detokenize(ids, { unparseSpecial: false }), 'Hello');
  });

  it('knows the bytes of every token, as llama.cpp does', () => {
    const all = Int32Array.from({ length: gguf.info.vocabularySize }, (_, id) => id);
    assert.equal(tokenizer.vocabularySize, gguf.info.vocabularySize);
    assert.deepEqual(
      tokenizer.tokenBytes(all).map((bytes) => Buffer.from(bytes).toString('hex')),
      gguf.tokenBytes(all).map((bytes) => Buffer.from(bytes).toString('hex')),
    );
  });
});

describe('inputs of encoders', () => {
  let tokenizer: TextTokenizer;
  before(async () => {
    tokenizer = new TextTokenizer(await readModelFolder(await encoderOnnx('reranker')));
  });
  const limits = { maxLength: 128, truncate: false };
  const ids = (text: string): number[] => [...tokenizer.tokenize(text, { addSpecial: false, parseSpecial: true })];

  it('stand between their special tokens, and pairs say which text each token is of', () => {
    const { ids: alone, typeIds } = tokenizer.encode('the dog', undefined, limits);
    const [first = -1, last = -1] = [alone[0], alone.at(-1)];
    assert.equal(typeIds, undefined);
    assert.deepEqual([...alone], [first, ...ids('the dog'), last]);
    const pair = tokenizer.encode('the dog', 'a red car', limits);
    assert.deepEqual([...pair.ids], [first, ...ids('the dog'), last, ...ids('a red car'), last]);
    const [one, two] = [ids('the dog').length + 2, ids('a red car').length + 1];
    assert.deepEqual([...(pair.typeIds ?? [])], [...Array<number>(one).fill(0), ...Array<number>(two).fill(1)]);
  });

  it('keep their special tokens when they are cut, the longer text first', () => {
    const query = 'the dog';
    const document = 'a red car and a blue car and a green car';
    const whole = tokenizer.encode(query, document, limits).ids;
    const maxLength = whole.length - 4;
    const cut = tokenizer.encode(query, document, { maxLength, truncate: true });
    assert.equal(cut.ids.length, maxLength);
    assert.deepEqual([...cut.ids], [...whole.slice(0, maxLength - 1), whole.at(-1)]);
    assert.equal(cut.typeIds?.length, maxLength);
    const tiny = tokenizer.encode(document, document, { maxLength: 5, truncate: true });
    assert.equal(tiny.ids.length, 5);
  });

  it('that are too long are refused unless they may be cut', () => {
    assert.throws(() => tokenizer.encode('the dog', undefined, { maxLength: 3, truncate: false }), {
      code: 'context_length_exceeded',
    });
    assert.throws(() => tokenizer.encode('the dog', undefined, { maxLength: 2, truncate: true }), {
      code: 'context_length_exceeded',
    });
  });
});

describe('vocabularies of SentencePiece', () => {
  const vocab = { '<unk>': 0, '▁Hi': 1, '<0xE2>': 2, '<0x82>': 3, '<0xAC>': 4, '▁': 5, there: 6 };
  const model = { type: 'BPE', vocab, merges: [], byte_fallback: true, unk_token: '<unk>', ignore_merges: true };
  const space = { String: '▁' };

  it('spell spaces and bytes that no token has', async () => {
    const decoder = {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: space, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 },
      ],
    };
    const tokenizer = new TextTokenizer(await withTokenizer({ model, decoder }));
    const spelled = tokenizer
      .tokenBytes(Int32Array.of(1, 2, 5, 6))
      .map((bytes) => Buffer.from(bytes).toString('latin1'));
    assert.deepEqual(spelled, [' Hi', '\u00e2', ' ', 'there']);
    assert.equal(tokenizer.detokenize(Int32Array.of(1, 2, 3, 4, 5, 6), { unparseSpecial: true }), 'Hi€ there');
  });

  it('say in Metaspace whether a text begins with a space of its own', async () => {
    const never = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'never' };
    const first = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first' };
    const kept = new TextTokenizer(await withTokenizer({ model, decoder: never }));
    const stripped = new TextTokenizer(await withTokenizer({ model, decoder: first }));
    assert.equal(kept.detokenize(Int32Array.of(1), { unparseSpecial: true }), ' Hi');
    assert.equal(stripped.detokenize(Int32Array.of(1), { unparseSpecial: true }), 'Hi');
  });
});

describe('a tokenizer that the library does not know', () => {
  it('is an unsupported model', async () => {
    const folder = await withTokenizer({ pre_tokenizer: { type: 'Telepathy' } });
    assert.throws(() => new TextTokenizer(folder), { code: 'unsupported_model', message: /Telepathy/u });
  });
});
