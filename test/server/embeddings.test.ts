import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import OpenAI from 'openai';
import { eventually, startServer, type TestServer } from '../support/with-server.js';
import type { ErrorBody } from './openai-shapes.js';

const path = '/v1/embeddings';

interface EmbeddingsJson {
  readonly object: string;
  readonly model: string;
  readonly data: readonly { readonly object: string; readonly index: number; readonly embedding: number[] | string }[];
  readonly usage: { readonly prompt_tokens: number; readonly total_tokens: number };
}

/** What shares a decode with others has other last bits. */
function assertClose(actual: number[] | string | undefined, wanted: Float32Array | undefined): void {
  assert.ok(Array.isArray(actual) && wanted !== undefined);
  assert.equal(actual.length, wanted.length);
  actual.forEach((value, at) => {
    assert.ok(Math.abs(value - (wanted[at] ?? NaN)) < 1e-5, `${String(value)} is not ${String(wanted[at])}`);
  });
}

describe('POST /v1/embeddings', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer({ limits: { maxEmbeddingInputs: 3000 } });
  });
  after(async () => {
    await server.settled();
    await server[Symbol.asyncDispose]();
  });

  const embed = async (body: Record<string, unknown>): Promise<EmbeddingsJson> => {
    const response = await server.post(path, body);
    assert.equal(response.status, 200, await response.clone().text());
    return (await response.json()) as EmbeddingsJson;
  };

  it('gives the vectors of the API, whatever the form of the input', async () => {
    const [text, other] = ['The cat sat on the mat.', 'Two dogs'] as const;
    const [wanted] = await server.model.embed([text]);
    const answer = await embed({ model: 'tiny', input: [text, other] });
    assert.equal(answer.object, 'list');
    assert.equal(answer.model, 'tiny');
    assert.deepEqual(
      answer.data.map(({ object, index }) => [object, index]),
      [
        ['embedding', 0],
        ['embedding', 1],
      ],
    );
    assertClose(answer.data[0]?.embedding, wanted);
    const tokens = [...server.model.tokenize(text, { addSpecial: true })];
    const other2 = [...server.model.tokenize(other, { addSpecial: true })];
    assert.equal(answer.usage.prompt_tokens, tokens.length + other2.length);
    const byTokens = await embed({ input: [tokens, other2] });
    assert.deepEqual(byTokens.data, answer.data);
    const alone = await embed({ input: tokens });
    assertClose(alone.data[0]?.embedding, wanted);
  });

  it('gives base64, which is what the openai client asks for', async () => {
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none' });
    const { data } = await client.embeddings.create({ model: 'tiny', input: 'Hello' });
    const [wanted] = await server.model.embed(['Hello']);
    assert.deepEqual(Float32Array.from(data[0]?.embedding ?? []), wanted);
    const raw = await embed({ input: 'Hello', encoding_format: 'base64' });
    const bytes = Buffer.from(raw.data[0]?.embedding as string, 'base64');
    assert.equal(bytes.length, 4 * server.model.info.embeddingLength);
  });

  it('shortens vectors to unit length', async () => {
    const { data } = await embed({ input: 'Hello', dimensions: 8 });
    const vector = data[0]?.embedding as number[];
    assert.equal(vector.length, 8);
    assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-6);
  });

  it('says everything that is wrong', async () => {
    const cases: [Record<string, unknown>, string[]][] = [
      [{}, ['input']],
      [{ input: '' }, ['input']],
      [{ input: ['a', ''] }, ['input[1]']],
      [{ input: [] }, ['input']],
      [{ input: [1.5] }, ['input']],
      [{ input: Array<string>(3001).fill('a') }, ['input']],
      [{ input: 7, encoding_format: 'int8', dimensions: 0 }, ['input', 'encoding_format', 'dimensions']],
      [{ input: 'a', dimensions: 60_000 }, ['dimensions']],
      [{ input: 'a'.repeat(100_000) }, ['input']],
    ];
    for (const [body, params] of cases) {
      const response = await server.post(path, body);
      assert.equal(response.status, 400);
      const { error } = (await response.json()) as ErrorBody;
      const found = error.errors?.map(({ param }) => param) ?? [error.param];
      assert.deepEqual(new Set(found), new Set(params), JSON.stringify(error));
    }
  });

  it('refuses tokens that the model does not have, and texts that are too long for it', async () => {
    const unknown = await server.post(path, { input: [server.model.info.vocabularySize] });
    assert.equal(unknown.status, 400);
    const long = await server.post(path, { input: 'word '.repeat(1500) });
    assert.equal(long.status, 400);
    const { error } = (await long.json()) as ErrorBody;
    assert.equal(error.code, 'context_length_exceeded');
  });

  it('stops computing for a client that has left', async () => {
    const controller = new AbortController();
    const input = Array<string>(3000).fill('word '.repeat(300));
    const request = fetch(server.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ input }),
      signal: controller.signal,
    });
    await eventually('the request has arrived', () => server.server.activeRequests > 0);
    controller.abort();
    await assert.rejects(request);
    await server.settled();
  });
});

describe('POST /tokenize and /detokenize', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
  });

  const post = async (route: string, body: unknown): Promise<Record<string, unknown>> => {
    const response = await server.post(route, body);
    assert.equal(response.status, 200, await response.clone().text());
    return (await response.json()) as Record<string, unknown>;
  };

  it('there and back', async () => {
    const content = 'The cat sat on the mat. Grüße 🐈';
    const { tokens } = await post('/tokenize', { content });
    assert.deepEqual(tokens, [...server.model.tokenize(content, { parseSpecial: true })]);
    assert.equal(((await post('/detokenize', { tokens }))['content'] as string).trim(), content);
    assert.deepEqual(await post('/tokenize', { content: '' }), { tokens: [] });
    assert.deepEqual(await post('/detokenize', { tokens: [] }), { content: '' });
  });

  it('says what each token stands for, in bytes where it is no whole character', async () => {
    const content = 'cat 🐈';
    const { tokens } = await post('/tokenize', { content, with_pieces: true });
    const pieces = tokens as { id: number; piece: string | number[] }[];
    const bytes = pieces.flatMap(({ piece }) => (typeof piece === 'string' ? [...Buffer.from(piece)] : piece));
    assert.equal(Buffer.from(bytes).toString().trim(), content);
    assert.ok(pieces.some(({ piece }) => Array.isArray(piece)));
  });

  it('refuses what is malformed', async () => {
    for (const [route, body] of [
      ['/tokenize', {}],
      ['/tokenize', { content: 'a'.repeat(300_000) }],
      ['/detokenize', { tokens: 'abc' }],
      ['/detokenize', { tokens: [-1] }],
      ['/detokenize', { tokens: [2_000_000_000] }],
    ] as const) {
      const response = await server.post(route, body);
      assert.equal(response.status, 400, route);
    }
  });
});
