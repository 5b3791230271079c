/** Encoders in GGUF behind the routes: what they answer, and what a model that is not for it answers. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { decoderEncoderGguf, encoderGguf } from '../../fixtures/gguf-encoders.js';
import { loadModel } from '../../lib/index.js';
import type { Model } from '../../lib/index.js';
import { createServer } from '../../lib/server/index.js';
import type { InfernoServer } from '../../lib/server/index.js';
import type { ErrorBody } from './openai-shapes.js';

const deadlineMs = 60_000;
const query = 'the little dog';
const documents = ['a red car', 'the little dog ran home', 'dog'];

interface Ranked {
  readonly usage: { readonly prompt_tokens: number };
  readonly results: readonly { readonly index: number; readonly relevance_score: number }[];
}

describe('the server with encoders in GGUF', () => {
  const models = new Map<string, Model>();
  let server: InfernoServer;
  before(async () => {
    models.set('ember', await loadModel('ember', { contextSize: 512, parallel: 2 }));
    models.set('embedder', await loadModel(await encoderGguf('embedder-mean')));
    models.set('tokens', await loadModel(await encoderGguf('embedder-mean'), { pooling: 'none' }));
    models.set('reranker', await loadModel(await encoderGguf('cross-encoder')));
    models.set('yes-no', await loadModel(await decoderEncoderGguf('decoder-reranker')));
    models.set('classifier', await loadModel(await encoderGguf('classifier')));
    const sources = [...models].map(([id, model]) => ({ id, model }));
    server = await createServer({ models: sources, port: 0 });
  });
  after(async () => {
    await server.close({ drainMs: 0 });
    await Promise.all([...models.values()].map(async (model) => model.unload()));
  });

  const post = async (path: string, body: unknown, signal?: AbortSignal): Promise<Response> =>
    fetch(server.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.any([AbortSignal.timeout(deadlineMs), ...(signal === undefined ? [] : [signal])]),
    });
  const answered = async <Answer>(path: string, body: unknown): Promise<Answer> => {
    const response = await post(path, body);
    assert.equal(response.status, 200, await response.clone().text());
    return (await response.json()) as Answer;
  };
  const refused = async (path: string, body: unknown, status = 400): Promise<ErrorBody['error']> => {
    const response = await post(path, body);
    assert.equal(response.status, status, await response.clone().text());
    return ((await response.json()) as ErrorBody).error;
  };
  const modelOf = (id: string): Model => {
    const found = models.get(id);
    assert.ok(found !== undefined);
    return found;
  };

  it('says what each model can do', async () => {
    const response = await fetch(`${server.url}/v1/models`, { signal: AbortSignal.timeout(deadlineMs) });
    const { data } = (await response.json()) as { data: { id: string; capabilities: string[] }[] };
    assert.deepEqual(Object.fromEntries(data.map(({ id, capabilities }) => [id, capabilities])), {
      ember: ['completion', 'chat', 'embeddings'],
      embedder: ['embeddings'],
      tokens: ['embeddings'],
      reranker: ['rerank'],
      'yes-no': ['rerank'],
      classifier: ['classify'],
    });
  });

  for (const path of ['/v1/rerank', '/rerank', '/v1/reranking', '/reranking']) {
    it(`ranks with ${path}`, async () => {
      for (const model of ['reranker', 'yes-no']) {
        const wanted = await modelOf(model).rerank(query, documents);
        const { results } = await answered<Ranked>(path, { model, query, documents });
        assert.deepEqual(
          results.map(({ index, relevance_score: score }) => ({ index, score: Math.fround(score) })),
          wanted,
        );
      }
    });
  }

  it('counts the tokens of pairs, and gives raw scores and texts as asked', async () => {
    const { usage } = await answered<Ranked>('/v1/rerank', { model: 'reranker', query, documents });
    const tokens = (text: string): number => modelOf('reranker').tokenize(text).length;
    // Of each pair: both texts, [CLS] and two [SEP].
    const expected = documents.reduce((sum, document) => sum + tokens(query) + tokens(document) + 3, 0);
    assert.equal(usage.prompt_tokens, expected);
    const raw = await answered<Ranked>('/v1/rerank', { model: 'reranker', query, documents, raw_scores: true });
    const wanted = await modelOf('reranker').rerank(query, documents, { rawScores: true });
    assert.deepEqual(
      raw.results.map(({ relevance_score: score }) => Math.fround(score)),
      wanted.map(({ score }) => score),
    );
    const body = { model: 'reranker', query, texts: documents, return_text: true, top_n: 1 };
    const texts = await answered<{ index: number; text: string }[]>('/rerank', body);
    assert.deepEqual(texts.length, 1);
    assert.equal(texts[0]?.text, documents[texts[0]?.index ?? -1]);
  });

  it('embeds, cuts when asked, and gives a vector for each token without pooling', async () => {
    const input = ['Two dogs', 'x'];
    const { data } = await answered<{ data: { embedding: number[] }[] }>('/v1/embeddings', {
      model: 'embedder',
      input,
    });
    const wanted = await modelOf('embedder').embed(input);
    assert.deepEqual(
      data.map(({ embedding }) => Float32Array.from(embedding)),
      wanted,
    );
    const long = 'dog '.repeat(300);
    const fault = await refused('/v1/embeddings', { model: 'embedder', input: long });
    assert.equal(fault.code, 'context_length_exceeded');
    await answered('/v1/embeddings', { model: 'embedder', input: long, truncate: true });
    const [entry] = await answered<{ embedding: number[][] }[]>('/embedding', { model: 'tokens', content: 'Two dogs' });
    const count = modelOf('tokens').tokenize('Two dogs', { addSpecial: true }).length;
    assert.equal(entry?.embedding.length, count);
    assert.ok(entry.embedding.every((vector) => vector.length === 64));
    const single = await answered<{ embedding: number[][] }[]>('/embedding', { model: 'embedder', content: 'x' });
    assert.equal(single[0]?.embedding.length, 1);
    const pooled = await refused('/v1/embeddings', { model: 'tokens', input: 'x' });
    assert.match(pooled.message, /POST \/embedding/u);
  });

  it('classifies', async () => {
    const body = { model: 'classifier', input: 'What a lovely day!' };
    const { data } = await answered<{ data: { label: string; labels: { label: string }[] }[] }>('/v1/classify', body);
    const wanted = await modelOf('classifier').classify('What a lovely day!');
    assert.deepEqual(
      data[0]?.labels.map(({ label }) => label),
      wanted.map(({ label }) => label),
    );
  });

  it('answers what a model is not for with what to do', async () => {
    const messages = [{ role: 'user', content: 'Hello' }];
    for (const model of ['embedder', 'reranker', 'classifier']) {
      const chat = await refused('/v1/chat/completions', { model, messages });
      assert.equal(chat.code, 'task_unsupported');
      assert.match(chat.message, /cannot generate text/u);
      assert.equal((await refused('/v1/chat/completions', { model, messages, stream: true })).code, 'task_unsupported');
      assert.equal((await refused('/v1/completions', { model, prompt: 'Hello' })).code, 'task_unsupported');
      assert.equal((await refused('/completion', { model, prompt: 'Hello' })).code, 'task_unsupported');
    }
    for (const model of ['ember', 'embedder', 'classifier']) {
      const fault = await refused('/v1/rerank', { model, query, documents });
      assert.equal(fault.code, 'task_unsupported');
      assert.match(fault.message, /load a reranker/u);
    }
    assert.equal((await refused('/v1/classify', { model: 'reranker', input: 'x' })).code, 'task_unsupported');
    assert.equal((await refused('/v1/embeddings', { model: 'reranker', input: 'x' })).code, 'embedding_unsupported');
  });

  it('ranks a thousand documents while the same server generates, keeps deadlines and drops who has left', async () => {
    const many = Array.from({ length: 1000 }, (_, index) => `${String(index)} red cars and a little dog`);
    const all = answered<Ranked>('/v1/rerank', { model: 'reranker', query, documents: many, priority: 'low' });
    const late = refused('/v1/rerank', { model: 'reranker', query, documents: many, deadline_ms: 1 }, 504);
    const left = new AbortController();
    const gone = post('/v1/rerank', { model: 'reranker', query, documents: many }, left.signal);
    left.abort();
    await assert.rejects(gone, { name: 'AbortError' });
    const text = await answered<{ choices: { text: string }[] }>('/v1/completions', {
      model: 'ember',
      prompt: 'Once',
      max_tokens: 8,
    });
    assert.equal(text.choices.length, 1);
    assert.equal((await late).code, 'deadline_exceeded');
    assert.equal((await all).results.length, many.length);
  });
});
