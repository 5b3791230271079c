import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startOnnxServer, type OnnxServer } from '../support/with-onnx-server.js';
import type { ErrorBody } from './openai-shapes.js';

interface ClassifyJson {
  readonly model: string;
  readonly data: readonly {
    readonly index: number;
    readonly label: string;
    readonly score: number;
    readonly num_classes: number;
    readonly labels: readonly { readonly label: string; readonly score: number }[];
  }[];
  readonly usage: { readonly prompt_tokens: number };
}

describe('POST /v1/classify', () => {
  let server: OnnxServer;
  before(async () => {
    server = await startOnnxServer(['classifier', 'classifier-multi-label', 'reranker']);
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
  });

  const post = async (body: unknown): Promise<Response> => server.post('/v1/classify', body);
  const classify = async (body: unknown): Promise<ClassifyJson> => {
    const response = await post(body);
    assert.equal(response.status, 200, await response.clone().text());
    return (await response.json()) as ClassifyJson;
  };
  const sum = (scores: readonly { readonly score: number }[]): number =>
    scores.reduce((all, { score }) => all + score, 0);

  it("gives the API's classes, likeliest first, of one text or several", async () => {
    const texts = ['The cat sat on the mat.', 'No!'];
    const wanted = await server.model('classifier').classify(texts);
    const { data, model, usage } = await classify({ model: 'classifier', input: texts });
    assert.equal(model, 'classifier');
    assert.ok(usage.prompt_tokens > 4);
    for (const [index, { labels, label, score, num_classes: classes, ...rest }] of data.entries()) {
      assert.equal(rest.index, index);
      assert.deepEqual(
        labels.map((entry) => ({ label: entry.label, score: Math.fround(entry.score) })),
        wanted[index],
      );
      assert.deepEqual({ label, score }, labels[0]);
      assert.equal(classes, 3);
      assert.ok(Math.abs(sum(labels) - 1) < 1e-5);
    }
    const alone = await classify({ model: 'classifier', input: texts[0] });
    assert.equal(alone.data[0]?.label, data[0]?.label);
  });

  it('scores each class for itself where several may be true', async () => {
    const { data } = await classify({ model: 'classifier-multi-label', input: 'Is it?' });
    const raw = await classify({ model: 'classifier-multi-label', input: 'Is it?', raw_scores: true });
    const labels = data[0]?.labels ?? [];
    assert.equal(labels.length, 4);
    for (const [at, { label, score }] of (raw.data[0]?.labels ?? []).entries()) {
      assert.equal(label, labels[at]?.label);
      assert.ok(Math.abs(1 / (1 + Math.exp(-score)) - (labels[at]?.score ?? 0)) < 1e-6);
    }
  });

  it('gives the best few when asked', async () => {
    const { data } = await classify({ model: 'classifier', input: 'Hello', top_k: 1 });
    assert.equal(data[0]?.labels.length, 1);
    assert.equal(data[0].num_classes, 3);
  });

  it('refuses what is wrong, and models that cannot', async () => {
    const code = async (body: unknown): Promise<string | null> => {
      const response = await post(body);
      assert.equal(response.status, 400);
      return ((await response.json()) as ErrorBody).error.code;
    };
    assert.equal(await code({ model: 'classifier', input: ['', 'x'] }), 'invalid_argument');
    assert.equal(await code({ model: 'classifier' }), 'invalid_argument');
    assert.equal(await code({ model: 'classifier', input: 'x', top_k: 0 }), 'invalid_argument');
    assert.equal(await code({ model: 'classifier', input: 'dog '.repeat(300) }), 'context_length_exceeded');
    assert.equal(await code({ model: 'reranker', input: 'x' }), 'task_unsupported');
    const cut = await post({ model: 'classifier', input: 'dog '.repeat(300), truncate: true });
    assert.equal(cut.status, 200);
  });
});
