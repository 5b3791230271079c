import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { encoderOnnx } from '../../fixtures/encoders.js';
import { loadModel, loadOnnxModel, Tensor } from '../../lib/index.js';
import type { OnnxModel, OnnxTextModel } from '../../lib/index.js';

const texts = ['The cat sat on the mat.', 'Two dogs', 'A red car and a blue car and a green car, all in a row.'];

function normalized(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

function assertClose(actual: Float32Array | undefined, wanted: readonly number[]): void {
  const values = actual ?? new Float32Array();
  assert.equal(values.length, wanted.length);
  wanted.forEach((value, at) => {
    assert.ok(Math.abs((values[at] ?? NaN) - value) < 1e-5, `${String(values[at])} is not ${String(value)}`);
  });
}

/** Rows of all tokens of one text, by the graph itself. */
async function tokenRows(model: OnnxTextModel, graph: OnnxModel, text: string): Promise<number[][]> {
  const ids = [...model.tokenize(text, { addSpecial: true, parseSpecial: true })];
  const tensor = (values: readonly number[]): Tensor =>
    new Tensor('int64', BigInt64Array.from(values, BigInt), [1, ids.length]);
  const outputs = await graph.run({
    input_ids: tensor(ids),
    attention_mask: tensor(ids.map(() => 1)),
    token_type_ids: tensor(ids.map(() => 0)),
  });
  const [output] = Object.values(outputs);
  const data = [...(output?.data as Float32Array)];
  const width = data.length / ids.length;
  return ids.map((_, row) => data.slice(row * width, (row + 1) * width));
}

describe('embeddings in ONNX', () => {
  let model: OnnxTextModel;
  let graph: OnnxModel;
  before(async () => {
    const folder = await encoderOnnx('embedder-mean');
    model = await loadOnnxModel(folder);
    graph = await loadModel(`${folder}/model.onnx`);
  });
  after(async () => {
    await Promise.all([model.unload(), graph.close()]);
  });

  const column = (rows: readonly number[][], at: number): number[] => rows.map((row) => row[at] ?? NaN);
  const mean = (rows: readonly number[][]): number[] =>
    (rows[0] ?? []).map((_, at) => column(rows, at).reduce((sum, value) => sum + value, 0) / rows.length);

  it('are the mean of the vectors of tokens, of length 1, whatever shares their batch', async () => {
    assert.equal(model.task, 'embed');
    const together = await model.embed(texts);
    for (const [index, text] of texts.entries()) {
      const wanted = normalized(mean(await tokenRows(model, graph, text)));
      assertClose(together[index], wanted);
      assertClose(await model.embed(text), wanted);
    }
  });

  it('are pooled as asked', async () => {
    const folder = await encoderOnnx('embedder-mean');
    await using cls = await loadOnnxModel(folder, { pooling: 'cls' });
    await using last = await loadOnnxModel(folder, { pooling: 'last' });
    for (const text of texts) {
      const rows = await tokenRows(model, graph, text);
      assertClose(await cls.embed(text, { normalize: false }), rows[0] ?? []);
      assertClose(await last.embed(text, { normalize: false }), rows.at(-1) ?? []);
    }
  });

  it('are shortened before they are scaled', async () => {
    const [text = ''] = texts;
    const raw = [...(await model.embed(text, { normalize: false }))].slice(0, 16);
    assertClose(await model.embed(text, { dimensions: 16 }), normalized(raw));
  });

  it('take token ids as they are', async () => {
    const [text = ''] = texts;
    const ids = model.tokenize(text, { addSpecial: true, parseSpecial: true });
    assert.deepEqual(await model.embed(ids), await model.embed(text));
  });

  it('of what is too long are refused or cut', async () => {
    const long = 'dog '.repeat(500);
    await assert.rejects(model.embed(long), { code: 'context_length_exceeded' });
    assert.equal((await model.embed(long, { truncate: true })).length, 64);
    await assert.rejects(model.embed(Int32Array.of(1_000_000)), { code: 'invalid_argument' });
    await assert.rejects(model.embed(new Int32Array()), { code: 'empty_prompt' });
  });

  it('name every wrong option', async () => {
    const options = { dimensions: 65, priority: 'soon', trunctate: true } as unknown as { dimensions: number };
    await assert.rejects(model.embed([1 as unknown as string], options), (error: Error) => {
      for (const name of ['dimensions', 'priority', 'trunctate', 'input[0]'])
        assert.ok(error.message.includes(name), name);
      return error instanceof TypeError;
    });
  });

  it('end with their signal', async () => {
    const abort = new AbortController();
    const waiting = model.embed(texts, { signal: abort.signal });
    abort.abort(new Error('enough'));
    await assert.rejects(waiting, /enough/u);
    assert.equal((await model.embed(texts)).length, texts.length);
  });

  it('are all that such a model does', async () => {
    await assert.rejects(model.rerank('a', ['b']), { code: 'task_unsupported' });
    await assert.rejects(model.classify('a'), { code: 'task_unsupported' });
    assert.throws(() => model.chat([{ role: 'user', content: 'a' }]), { code: 'task_unsupported' });
  });
});

describe('a text model in ONNX', () => {
  it('is gone after unloading, which ends what waits', async () => {
    const model = await loadOnnxModel(await encoderOnnx('reranker'));
    const waiting = model.rerank('the dog', ['a', 'b']).then(
      () => 'done',
      (error: unknown) => (error as { readonly code: string }).code,
    );
    await model.unload();
    await model.unload();
    assert.ok(['done', 'cancelled', 'model_unloaded'].includes(await waiting));
    await assert.rejects(model.rerank('a', ['b']), { code: 'model_unloaded' });
    assert.throws(() => model.tokenize('a'), { code: 'model_unloaded' });
    assert.equal(model.info.architecture, 'bert');
  });

  it('may be given a task that its files do not tell', async () => {
    await using model = await loadOnnxModel(await encoderOnnx('reranker'), { task: 'classify' });
    assert.equal(model.task, 'classify');
    assert.equal((await model.classify('a')).length, 1);
  });

  it('names every wrong option of its loading', async () => {
    const options = { task: 'sing', pooling: 'max', parallel: 0, varient: 'q4' } as unknown as { variant: string };
    await assert.rejects(loadOnnxModel('./nowhere', options), (error: Error) => {
      for (const name of ['task', 'pooling', 'parallel', 'varient']) assert.ok(error.message.includes(name), name);
      return true;
    });
    await assert.rejects(loadOnnxModel('./nowhere'), { code: 'file_not_found' });
    await assert.rejects(loadOnnxModel('ember'), { code: 'unsupported_model' });
  });
});
