/** Encoders in GGUF, held against the same weights in ONNX, and files that say of themselves what is not so. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { encoderOnnx } from '../../fixtures/encoders.js';
import { decoderEncoderGguf, encoderContent, encoderGguf, rerankTemplate } from '../../fixtures/gguf-encoders.js';
import { writeGguf } from '../../lib/gguf/writer.js';
import type { GgufContent, GgufTensor } from '../../lib/gguf/writer.js';
import { loadModel, loadOnnxModel } from '../../lib/index.js';
import type { ClassScore, Model, RankedDocument } from '../../lib/index.js';

const texts = ['The cat sat on the mat.', 'Two dogs', 'x', 'A red car and a blue car and a green car, all in a row.'];
const long = 'red car '.repeat(500);
const tolerance = 1e-3;

function assertClose(actual: ArrayLike<number> | undefined, wanted: ArrayLike<number> | undefined): void {
  const [values, others] = [Array.from(actual ?? []), Array.from(wanted ?? [])];
  assert.equal(values.length, others.length);
  assert.ok(values.length > 0);
  values.forEach((value, at) => {
    assert.ok(Math.abs(value - (others[at] ?? NaN)) < tolerance, `${String(value)} is not ${String(others[at])}`);
  });
}

const byIndex = (ranked: readonly RankedDocument[]): number[] =>
  [...ranked].sort((a, b) => a.index - b.index).map(({ score }) => score);
const byLabel = (classes: readonly ClassScore[]): number[] =>
  [...classes].sort((a, b) => a.label.localeCompare(b.label)).map(({ score }) => score);

describe('an encoder in GGUF', () => {
  for (const name of ['embedder-mean', 'embedder-cls'] as const) {
    it(`gives the vectors of the same weights in ONNX: ${name}`, async () => {
      await using model = await loadModel(await encoderGguf(name));
      await using onnx = await loadOnnxModel(await encoderOnnx(name));
      assert.equal(model.info.pooling, name === 'embedder-mean' ? 'mean' : 'cls');
      assert.equal(model.info.supportsGeneration, false);
      const before = model.stats().decodeSteps;
      const together = await model.embed(texts);
      assert.equal(model.stats().decodeSteps - before, 1, 'all in one decode');
      const wanted = await onnx.embed(texts);
      for (const [index, text] of texts.entries()) {
        assertClose(together[index], wanted[index]);
        assertClose(await model.embed(text), wanted[index]);
      }
      assertClose(await model.embed(long, { truncate: true }), await onnx.embed(long, { truncate: true }));
      const short = await model.embed('Two dogs', { dimensions: 16 });
      assertClose(short, await onnx.embed('Two dogs', { dimensions: 16 }));
    });
  }

  it('is pooled as asked', async () => {
    await using none = await loadModel(await encoderGguf('embedder-mean'), { pooling: 'none' });
    await using last = await loadModel(await encoderGguf('embedder-mean'), { pooling: 'last' });
    const options = { normalize: false };
    const tokens = await none.embed('Two dogs', options);
    const count = none.tokenize('Two dogs', { addSpecial: true }).length;
    const width = none.info.embeddingLength;
    assert.equal(tokens.length, count * width);
    assertClose(await last.embed('Two dogs', options), tokens.slice(-width));
    const unit = await none.embed('Two dogs');
    assert.ok(Math.abs(Math.hypot(...unit.slice(0, width)) - 1) < 1e-5, 'each vector for itself');
  });

  it('ranks as the same weights in ONNX do, and cuts what is too long', async () => {
    await using model = await loadModel(await encoderGguf('cross-encoder'));
    await using onnx = await loadOnnxModel(await encoderOnnx('cross-encoder'));
    const documents = [...texts, long, ''];
    for (const query of ['a red car', long]) {
      for (const rawScores of [false, true]) {
        const ranked = await model.rerank(query, documents, { rawScores });
        assert.deepEqual(
          ranked.map(({ score }) => score),
          ranked.map(({ score }) => score).sort((a, b) => b - a),
        );
        assertClose(byIndex(ranked), byIndex(await onnx.rerank(query, documents, { rawScores })));
      }
    }
    assert.equal((await model.rerank('a red car', documents, { topN: 2 })).length, 2);
    const untouched = model.rerank('a red car', documents, { truncate: false });
    await assert.rejects(untouched, { code: 'context_length_exceeded' });
  });

  it('classifies as the same weights in ONNX do', async () => {
    await using model = await loadModel(await encoderGguf('classifier'));
    await using onnx = await loadOnnxModel(await encoderOnnx('classifier'));
    assert.deepEqual(model.info.classLabels, ['negative', 'neutral', 'positive']);
    for (const rawScores of [false, true]) {
      const all = await model.classify(texts, { rawScores });
      const wanted = await onnx.classify(texts, { rawScores });
      all.forEach((classes, index) => {
        assertClose(byLabel(classes), byLabel(wanted[index] ?? []));
      });
    }
    assert.equal((await model.classify('Two dogs', { topK: 1 })).length, 1);
  });

  it('says what it cannot do', async () => {
    await using embedder = await loadModel(await encoderGguf('embedder-mean'));
    await using reranker = await loadModel(await encoderGguf('cross-encoder'));
    await using ember = await loadModel('ember', { contextSize: 256, parallel: 1 });
    assert.deepEqual(embedder.capabilities, ['embeddings']);
    assert.deepEqual(reranker.capabilities, ['rerank']);
    assert.deepEqual(ember.capabilities, ['completion', 'chat', 'embeddings']);
    const chat = [{ role: 'user', content: 'Hello' }] as const;
    for (const model of [embedder, reranker]) {
      await assert.rejects(async () => model.complete('Hello'), {
        code: 'task_unsupported',
        message: /cannot generate text/u,
      });
      await assert.rejects(async () => model.chat(chat), { code: 'task_unsupported' });
    }
    await assert.rejects(embedder.rerank('a', ['b']), { code: 'task_unsupported', message: /load a reranker/u });
    await assert.rejects(ember.rerank('a', ['b']), { code: 'task_unsupported' });
    await assert.rejects(ember.classify('a'), { code: 'task_unsupported' });
    await assert.rejects(reranker.embed('a'), { code: 'embedding_unsupported', message: /ranks documents/u });
    await assert.rejects(loadModel('ember', { pooling: 'rank' }), {
      code: 'unsupported_model',
      message: /classifier/u,
    });
    await assert.rejects(loadModel('ember', { pooling: 'max' as 'mean' }), TypeError);
  });

  it('counts the memory of its context, and takes no KV cache', async () => {
    await using model = await loadModel(await encoderGguf('embedder-mean'));
    const { sizeBytes, contextSize, trainContextSize } = model.info;
    assert.equal(contextSize, trainContextSize);
    assert.ok(model.memoryBytes() > sizeBytes);
    await using ember = await loadModel('ember', { contextSize: 256, parallel: 1 });
    const before = ember.memoryBytes();
    await ember.embed('Hello');
    assert.ok(ember.memoryBytes() > before);
  });

  it('computes thousands of inputs of several callers, and ends what is cancelled or late', async () => {
    await using model = await loadModel(await encoderGguf('cross-encoder'));
    const documents = Array.from({ length: 3000 }, (_, index) => `Document ${String(index)} of the red car`);
    const abort = new AbortController();
    const cancelled = model.rerank('car', documents, { signal: abort.signal, priority: 'low' });
    abort.abort(new Error('enough'));
    await assert.rejects(cancelled, { message: 'enough' });
    const many = model.rerank('car', documents, { user: 'a', priority: 'low' });
    const late = model.rerank('car', documents, { user: 'b', priority: 'low', deadlineMs: 1 });
    await assert.rejects(late, { code: 'deadline_exceeded' });
    const [first] = await model.rerank('car', ['the car'], { priority: 'vip' });
    assert.equal(first?.index, 0);
    assert.equal((await many).length, documents.length);
  });
});

describe('a decoder that was made to encode', () => {
  it('gives the vectors of last tokens, in one decode as alone', async () => {
    await using model = await loadModel(await decoderEncoderGguf('decoder-embedder'));
    assert.deepEqual(model.capabilities, ['embeddings']);
    assert.equal(model.info.pooling, 'last');
    const before = model.stats().decodeSteps;
    const together = await model.embed(texts);
    assert.equal(model.stats().decodeSteps - before, 1);
    for (const [index, text] of texts.entries()) assertClose(await model.embed(text), together[index]);
  });

  it("ranks by the file's own template, and what that gives is a probability", async () => {
    await using model = await loadModel(await decoderEncoderGguf('decoder-reranker'));
    await using classifier = await loadModel(await decoderEncoderGguf('decoder-classifier'));
    assert.deepEqual(model.capabilities, ['rerank']);
    assert.deepEqual(classifier.capabilities, ['classify']);
    const query = 'a {document} of red cars';
    const prompts = texts.map((text) => rerankTemplate.replace('{query}', query).replace(/\{document\}$/mu, text));
    const scores = byIndex(await model.rerank(query, texts));
    const classes = await classifier.classify(prompts);
    assertClose(
      scores,
      classes.map((all) => all.find(({ label }) => label === 'yes')?.score ?? NaN),
    );
    assertClose(byIndex(await model.rerank(query, texts, { rawScores: true })), scores);
    const [cut] = await model.rerank('dogs', ['dog '.repeat(2000)]);
    assert.ok(cut !== undefined && cut.score > 0 && cut.score < 1);
    const untouched = model.rerank('dogs', ['dog '.repeat(2000)], { truncate: false });
    await assert.rejects(untouched, { code: 'context_length_exceeded' });
    const query2 = model.rerank('dog '.repeat(2000), ['a']);
    await assert.rejects(query2, { code: 'context_length_exceeded' });
  });
});

describe('an encoder whose file is not sound', () => {
  let folder: string;
  let ready: Model;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'inferno-encoders-'));
    ready = await loadModel(await encoderGguf('embedder-mean'));
  });
  after(async () => {
    await ready.unload();
    await rm(folder, { recursive: true, force: true });
  });

  let files = 0;
  /** A file with other tensors or metadata than the reranker's. */
  async function changed(change: (content: GgufContent) => GgufContent): Promise<string> {
    const path = join(folder, `${String(++files)}.gguf`);
    await writeGguf(path, change(await encoderContent('cross-encoder')));
    return path;
  }
  const tensors =
    (change: (tensor: GgufTensor) => GgufTensor | undefined) =>
    (content: GgufContent): GgufContent => ({
      ...content,
      tensors: (content.tensors ?? []).flatMap((tensor) => change(tensor) ?? []),
    });
  const value =
    (key: string, given: { readonly type: 'uint32'; readonly value: number }) =>
    (content: GgufContent): GgufContent => ({
      ...content,
      metadata: [...[...content.metadata].filter(([name]) => name !== key), [key, given]],
    });
  const floats = (count: number): Uint8Array => new Uint8Array(4 * count);
  const reshaped = (name: string, dimensions: readonly number[]) =>
    tensors((tensor) =>
      tensor.name === name
        ? { ...tensor, dimensions, data: floats(dimensions.reduce((product, size) => product * size, 1)) }
        : tensor,
    );

  const faults: Readonly<Record<string, (content: GgufContent) => GgufContent>> = {
    'no classifier for its rank pooling': tensors((tensor) => (tensor.name.startsWith('cls') ? undefined : tensor)),
    'a classifier without its last layer': tensors((tensor) =>
      tensor.name.startsWith('cls.output') ? undefined : tensor,
    ),
    'a last layer of three outputs and one label': reshaped('cls.output.weight', [64, 3]),
    'a bias of three numbers and one label': reshaped('cls.output.bias', [3]),
    'a classifier of another width': reshaped('cls.weight', [32, 64]),
    'no positions': tensors((tensor) => (tensor.name === 'position_embd.weight' ? undefined : tensor)),
    'a table of positions that is too short': reshaped('position_embd.weight', [64, 4]),
    'a pooling that there is not': value('bert.pooling_type', { type: 'uint32', value: 9 }),
    'no types of tokens': value('tokenizer.ggml.token_type_count', { type: 'uint32', value: 0 }),
    'heads that do not divide its width': value('bert.attention.head_count', { type: 'uint32', value: 7 }),
  };
  for (const [fault, change] of Object.entries(faults)) {
    it(`is refused for ${fault}`, async () => {
      await assert.rejects(loadModel(await changed(change)), { code: 'invalid_model_file' });
    });
  }

  it('harms nothing: other models still answer', async () => {
    assertClose(await ready.embed('Two dogs'), await ready.embed('Two dogs'));
  });

  it('is sound without an end token of its own: the separator stands there', async () => {
    const path = await changed((content) => ({
      ...content,
      metadata: [...content.metadata].filter(([name]) => name !== 'tokenizer.ggml.eos_token_id'),
    }));
    await using model = await loadModel(path);
    await using whole = await loadModel(await encoderGguf('cross-encoder'));
    assertClose(byIndex(await model.rerank('a red car', texts)), byIndex(await whole.rerank('a red car', texts)));
  });

  it('is loaded with mean pooling where its classifier is not wanted', async () => {
    const path = await changed(tensors((tensor) => (tensor.name.startsWith('cls') ? undefined : tensor)));
    await assert.rejects(loadModel(path, { pooling: 'mean' }), { code: 'invalid_model_file' });
    await using model = await loadModel(await encoderGguf('cross-encoder'), { pooling: 'mean' });
    assert.deepEqual(model.capabilities, ['embeddings']);
    assert.equal((await model.embed('Two dogs')).length, 64);
  });
});
