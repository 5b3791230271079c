import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startOnnxServer, type OnnxServer } from '../support/with-onnx-server.js';
import type { ErrorBody } from './openai-shapes.js';

const query = 'the little dog';
const documents = ['a red car', 'the little dog ran home', 'dog'];

interface RerankJson {
  readonly model: string;
  readonly object: string;
  readonly usage: { readonly prompt_tokens: number; readonly total_tokens: number };
  readonly results: readonly {
    readonly index: number;
    readonly relevance_score: number;
    readonly document?: { readonly text: string };
  }[];
}

describe('POST /v1/rerank', () => {
  let server: OnnxServer;
  before(async () => {
    server = await startOnnxServer(['reranker', 'embedder-mean'], { limits: { maxRerankDocuments: 50 } });
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
  });

  const rerank = async (body: Record<string, unknown>, path = '/v1/rerank'): Promise<RerankJson> => {
    const response = await server.post(path, { model: 'reranker', query, documents, ...body });
    assert.equal(response.status, 200, await response.clone().text());
    return (await response.json()) as RerankJson;
  };
  const refused = async (body: Record<string, unknown>): Promise<ErrorBody['error']> => {
    const response = await server.post('/v1/rerank', { model: 'reranker', query, documents, ...body });
    assert.equal(response.status, 400, await response.clone().text());
    return ((await response.json()) as ErrorBody).error;
  };

  it("gives the API's scores, best first, and counts tokens", async () => {
    const wanted = await server.model('reranker').rerank(query, documents);
    const answer = await rerank({});
    assert.equal(answer.model, 'reranker');
    assert.equal(answer.object, 'list');
    assert.deepEqual(
      answer.results.map(({ index, relevance_score: score }) => ({ index, score: Math.fround(score) })),
      wanted,
    );
    assert.equal(answer.results[0]?.index, 1);
    assert.ok(
      answer.results.every(({ relevance_score: score, document }) => score > 0 && score < 1 && document === undefined),
    );
    const tokenizer = server.model('reranker');
    const tokens = (text: string): number => tokenizer.tokenize(text).length;
    // Of each pair: both texts, [CLS] and two [SEP].
    const expected = documents.reduce((sum, document) => sum + tokens(query) + tokens(document) + 3, 0);
    assert.deepEqual(answer.usage, { prompt_tokens: expected, total_tokens: expected });
  });

  it('takes objects, cuts the list and gives documents back when asked', async () => {
    const objects = documents.map((text) => ({ text }));
    const { results } = await rerank({ documents: objects, top_n: 2, return_documents: true });
    assert.deepEqual(
      results.map(({ index, document }) => [index, document?.text]),
      [
        [1, documents[1]],
        [2, documents[2]],
      ],
    );
  });

  it('answers under the names that llama-server has, and in the shape of text-embeddings-inference for texts', async () => {
    const { results } = await rerank({});
    for (const path of ['/rerank', '/reranking', '/v1/reranking']) {
      assert.deepEqual((await rerank({}, path)).results, results, path);
    }
    const response = await server.post('/rerank', { model: 'reranker', query, texts: documents, return_text: true });
    const texts = (await response.json()) as { index: number; score: number; text: string }[];
    assert.deepEqual(
      texts,
      results.map(({ index, relevance_score: score }) => ({ index, score, text: documents[index] })),
    );
  });

  it('gives raw scores when asked', async () => {
    const [score] = (await rerank({})).results;
    const [raw] = (await rerank({ raw_scores: true })).results;
    assert.ok(Math.abs(1 / (1 + Math.exp(-(raw?.relevance_score ?? 0))) - (score?.relevance_score ?? 0)) < 1e-6);
  });

  it('cuts documents that are too long unless told otherwise', async () => {
    const long = 'dog '.repeat(500);
    assert.equal((await rerank({ documents: [long] })).results.length, 1);
    const error = await refused({ documents: [long], truncate: false });
    assert.equal(error.code, 'context_length_exceeded');
  });

  it('names every fault', async () => {
    const error = await refused({ query: '', documents: [1], top_n: 0, priority: 'soon' });
    const faults = (error as { errors?: readonly { param: string }[] }).errors?.map(({ param }) => param);
    assert.deepEqual(new Set(faults), new Set(['query', 'documents', 'top_n', 'priority']));
    assert.equal((await refused({ documents: [] })).param, 'documents');
    assert.equal((await refused({ documents: [{ content: 'x' }] })).param, 'documents');
    assert.equal((await refused({ documents: Array<string>(51).fill('x') })).param, 'documents');
    assert.equal((await refused({ documents: ['x'.repeat(20_000)] })).param, 'documents');
  });

  it('is refused by models that cannot', async () => {
    assert.equal((await refused({ model: 'embedder-mean' })).code, 'task_unsupported');
    assert.equal((await refused({ model: 'graph' })).code, 'task_unsupported');
  });

  it('answers many at once as it answers one', async () => {
    const alone = await rerank({});
    const all = await Promise.all(Array.from({ length: 20 }, async () => rerank({})));
    for (const { results } of all) {
      for (const [at, { index, relevance_score: score }] of results.entries()) {
        assert.equal(index, alone.results[at]?.index);
        assert.ok(Math.abs(score - (alone.results[at]?.relevance_score ?? 0)) < 1e-5);
      }
    }
  });

  it('is counted and profiled', async () => {
    await rerank({});
    const response = await server.get('/metrics/profiles/recent?limit=1');
    const { profiles } = (await response.json()) as { profiles: { route: string; model_id: string }[] };
    assert.equal(profiles[0]?.route, '/v1/rerank');
    assert.equal(profiles[0].model_id, 'reranker');
  });
});
