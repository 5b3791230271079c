/** Real requests to every described route, which with their answers are held against the served document. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/with-server.js';
import { SocketClient } from '../websocket/socket-client.js';
import type { TestServer } from '../support/with-server.js';
import { startDescribedOnnxServer, startDescribedServer } from './described-server.js';
import type { DescribedServer } from './described-server.js';

const messages = [{ role: 'user', content: 'Once upon a time' }];
const few = { messages, max_tokens: 6 };
const tools = [
  {
    type: 'function',
    function: { name: 'look', parameters: { type: 'object', properties: { at: { type: 'integer' } } } },
  },
];

describe('what the server says is what it describes', () => {
  let server: DescribedServer<TestServer>;
  let tensors: DescribedServer;
  before(async () => {
    server = await startDescribedServer();
    tensors = await startDescribedOnnxServer();
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await tensors[Symbol.asyncDispose]();
  });
  const post = async (path: string, body: unknown): Promise<unknown> => server.ask('POST', path, body);
  const get = async (path: string): Promise<unknown> => server.ask('GET', path);
  const idOf = (value: unknown): string => (value as { readonly id: string }).id;

  it('chats', async () => {
    for (const path of ['/v1/chat/completions', '/chat/completions']) {
      await post(path, few);
      await post(path, { ...few, stream: true, stream_options: { include_usage: true } });
    }
    await post('/v1/chat/completions', { ...few, n: 2, logprobs: true, top_logprobs: 2, service_tier: 'default' });
    await post('/v1/chat/completions', { ...few, logprobs: true, stream: true });
    const forced = { messages, max_tokens: 64, tools, tool_choice: 'required' };
    await post('/v1/chat/completions', forced);
    await post('/v1/chat/completions', { ...forced, stream: true });
    await post('/v1/chat/completions', { messages: [] });
    await post('/v1/chat/completions', { ...few, model: 'nobody' });
  });

  it('text completions', async () => {
    const body = { prompt: 'Once', max_tokens: 4, logprobs: 2 };
    await post('/v1/completions', { ...body, prompt: ['Once', 'upon'] });
    await post('/v1/completions', { ...body, stream: true, stream_options: { include_usage: true } });
    await post('/v1/completions', { prompt: 7 });
  });

  it('streams of named events', async () => {
    const path = '/v1/stream/sse';
    await get(`${path}?prompt=Once&max_tokens=3&token_batching=false`);
    await get(`${path}?max_tokens=3`);
    await get(`${path}?ticket=nobody`);
    await post(path, { ...few, logprobs: true, token_batching: true });
    await post(path, { prompt: 'Once', max_tokens: 3 });
    await post(path, { ...few, resumable: 7 });
    const { url } = (await post(`${path}/tickets`, few)) as { readonly url: string };
    await get(url);
  });

  it('responses', async () => {
    const id = idOf(await post('/v1/responses', { input: 'Once', max_output_tokens: 4 }));
    await post('/v1/responses', { input: 'Once', max_output_tokens: 4, stream: true, top_logprobs: 1 });
    await post('/v1/responses', {
      input: [{ role: 'user', content: 'Once' }],
      tools: [{ type: 'function', name: 'look', parameters: { type: 'object' } }],
      tool_choice: 'required',
      max_output_tokens: 64,
      stream: true,
    });
    await get(`/v1/responses/${id}`);
    await get(`/v1/responses/${id}/input_items`);
    await server.ask('POST', `/v1/responses/${id}/cancel`);
    await server.ask('DELETE', `/v1/responses/${id}`);
    await get(`/v1/responses/${id}`);
    const later = idOf(await post('/v1/responses', { input: 'Once', max_output_tokens: 4, background: true }));
    await server.ask('POST', `/v1/responses/${later}/cancel`);
    await get(`/v1/responses/${later}`);
  });

  it('messages', async () => {
    await post('/v1/messages', few);
    await post('/v1/messages', { ...few, stream: true });
    const called = { messages, max_tokens: 64, tools: [{ name: 'look', input_schema: { type: 'object' } }] };
    await post('/v1/messages', { ...called, tool_choice: { type: 'any' }, stream: true });
    await post('/v1/messages', { messages });
    await post('/v1/messages/count_tokens', { messages });
    for (const prefix of ['/v1', '']) {
      await post(`${prefix}/chat/completions/input_tokens`, { messages });
      await post(`${prefix}/responses/input_tokens`, { input: 'Once' });
    }
    await post('/responses', { input: 'Once', max_output_tokens: 4 });
  });

  it('embeddings and tokens', async () => {
    await post('/v1/embeddings', { input: ['red', 'green'] });
    await post('/v1/embeddings', { input: 'red', encoding_format: 'base64' });
    await post('/tokenize', { content: 'Hello' });
    await post('/tokenize', { content: 'Hello', with_pieces: true });
    await post('/detokenize', { tokens: [5, 6] });
    await post('/detokenize', {});
  });

  it('ranks and classes', async () => {
    const ranked = { model: 'reranker', query: 'a red car', documents: ['a car', { text: 'a dog' }] };
    for (const path of ['/v1/rerank', '/v1/reranking', '/rerank', '/reranking']) {
      await tensors.ask('POST', path, ranked);
      await post(path, { query: 'a', documents: ['b'] });
    }
    await tensors.ask('POST', '/v1/rerank', { ...ranked, top_n: 1, return_documents: true, raw_scores: true });
    const texts = { model: 'reranker', query: 'a red car', texts: ['a car', 'a dog'] };
    await tensors.ask('POST', '/v1/rerank', { ...texts, return_text: true });
    await tensors.ask('POST', '/v1/rerank', { query: '' });
    const classified = { model: 'classifier', input: ['a car', 'a dog'] };
    await tensors.ask('POST', '/v1/classify', classified);
    await tensors.ask('POST', '/v1/classify', { ...classified, input: 'a car', top_k: 1, raw_scores: true });
    await post('/v1/classify', { input: 'a' });
  });

  it('the Open Inference Protocol', async () => {
    await tensors.ask('GET', '/v2');
    await tensors.ask('GET', '/v2/health/live');
    await tensors.ask('GET', '/v2/health/ready');
    await tensors.ask('POST', '/v2/repository/index');
    await tensors.ask('POST', '/v2/repository/index', { ready: true });
    await tensors.ask('GET', '/v1/models');
    const inputs = ['input_ids', 'attention_mask', 'token_type_ids'].map((name) => ({
      name,
      datatype: 'INT64',
      shape: [1, 3],
      data: [[name === 'token_type_ids' ? 0 : 1, 0, 0]],
    }));
    for (const model of ['/v2/models/graph', '/v2/models/graph/versions/1']) {
      await tensors.ask('GET', model);
      await tensors.ask('GET', `${model}/ready`);
      await tensors.ask('POST', `${model}/infer`, { id: 'a', inputs });
      await tensors.ask('POST', `${model}/infer`, { inputs, outputs: [{ name: 'nobody' }] });
      await tensors.ask('POST', `${model}/infer`, { inputs: [{}] });
    }
    await tensors.ask('GET', '/v2/models/nobody/ready');
    await get('/v2/models/tiny');
    await post('/v2/models/tiny/infer', { inputs });
  });

  it('models and requests', async () => {
    await get('/v1/models');
    await get('/models');
    await get('/v1/models/tiny');
    await get('/v1/models/nobody');
    await post('/v1/models/tiny/load', { pin: true });
    await post('/v1/models/nobody/unload', {});
    await get('/v1/requests/req_nobody');
  });

  it('background work', async () => {
    const work = { prompt: 'Once', max_tokens: 4, background: true, tags: ['a'] };
    const id = idOf(await post('/v1/completions', work));
    await get('/v1/background?limit=2');
    await get('/v1/background?limit=0');
    await eventually('the work is answered', async () => {
      const { status } = (await get(`/v1/background/${id}`)) as { readonly status: string };
      return status === 'completed';
    });
    await server.ask('POST', `/v1/background/${id}/cancel`);
    await server.ask('DELETE', `/v1/background/${id}`);
    await get(`/v1/background/${id}`);
  });

  it('health and metrics', async () => {
    await get('/health');
    await get('/v1/health');
    await get('/health/ready');
    await get('/metrics');
    await get('/metrics/queue/status');
    await get('/metrics/profiles/recent?limit=5');
    await get('/metrics/profiles/recent?limit=x');
    await get('/metrics/profiles/stats?window=all');
    await get('/metrics/profiles/timeline?minutes=2');
    await get('/metrics/profiles/anomalies');
    await get('/metrics/profiles/export?format=csv');
    await get('/metrics/profiles/export?format=json');
    await server.ask('POST', '/metrics/profiles/baseline');
  });

  it("llama-server's routes", async () => {
    for (const path of ['/completion', '/completions']) {
      await post(path, { prompt: 'Once', n_predict: 4, n_probs: 2 });
      await post(path, { prompt: 'Once', n_predict: 4, stream: true });
    }
    await post('/completion', { prompt: ['Once', 'upon'], n_predict: 2, return_tokens: true });
    await post('/infill', { input_prefix: 'a', input_suffix: 'b', n_predict: 2 });
    await post('/embedding', { content: 'red' });
    await post('/embeddings', { input: ['red', 'green'] });
    await post('/apply-template', { messages });
    await get('/props');
    await server.ask('POST', '/props');
    await get('/slots');
    await server.ask('POST', '/slots/0?action=erase');
    await get('/lora-adapters');
    await post('/lora-adapters', []);
    await post('/lora-adapters', [{ id: 0, scale: 1 }]);
  });

  it('itself', async () => {
    await get('/openapi.json');
    await get('/docs');
  });

  it('the WebSocket', async () => {
    await get('/ws/stream');
    const client = await SocketClient.open(server.server);
    const sent = [
      { type: 'ping', payload: 'a' },
      { type: 'chat_request', id: 'a', data: few },
      { type: 'completion_request', id: 'b', data: { prompt: 'Once', max_tokens: 3 }, ack: true },
      { type: 'completion_request', id: 'c', data: { prompt: 'Once', max_tokens: 3, stream: false } },
      { type: 'credit', id: 'a', tokens: 100 },
      { type: 'ack', id: 'b', sequence: 1 },
      { type: 'cancel', id: 'nobody' },
    ];
    for (const message of sent) {
      server.checkClientMessage(message);
      client.send(message);
    }
    await eventually('every stream has ended', () => {
      const ended = client.messages.filter(({ type }) => type === 'done' || type === 'result');
      return ended.length >= 3;
    });
    for (const message of client.messages) server.checkServerMessage(message);
    client.ws.close();
  });

  it('and every described route was asked for', () => {
    const described = Object.entries(server.document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    assert.deepEqual(
      described.filter((key) => !server.asked.has(key) && !tensors.asked.has(key)),
      [],
    );
  });
});
