import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { WebSocket as BrowserLikeSocket } from 'undici';
import { eventually, startServer, type TestServer } from '../support/with-server.js';
import type { ChatAnswer, TextAnswer } from '../server/openai-shapes.js';
import { SocketClient } from './socket-client.js';

const messages = [{ role: 'user', content: 'Once upon a time' }];
const greedy = { temperature: 0, max_tokens: 40, ignore_eos: true };
const endless = { prompt: 'Once', max_tokens: 30_000, ignore_eos: true };

describe('answers over a WebSocket', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer({ load: { contextSize: 32_768, parallel: 8 } });
  });
  after(async () => {
    await server.settled();
    await server[Symbol.asyncDispose]();
  });

  it('greets with who and what it is', async () => {
    const client = await SocketClient.open(server);
    const info = await client.first('connection_info');
    assert.match(info.connection_id ?? '', /^conn_\w{29}$/u);
    assert.equal(info.protocol, 'inferno.v1');
    assert.equal(info.limits?.['max_pending_messages'], 1000);
    assert.equal(client.ws.protocol, 'inferno.v1');
    await client.close();
  });

  it('are word for word those of HTTP, streamed or not, numbered from 1 without a gap', async () => {
    const client = await SocketClient.open(server);
    const whole = (await (await server.post('/v1/chat/completions', { messages, ...greedy })).json()) as ChatAnswer;
    client.chat('chat', { messages, ...greedy });
    client.chat('whole', { messages, ...greedy, stream: false });
    const done = await client.done('chat');
    assert.equal(client.text('chat'), whole.choices[0]?.message.content);
    assert.equal(done.usage?.prompt_tokens, whole.usage.prompt_tokens);
    assert.equal(done.usage.completion_tokens, 40);
    assert.equal(done.finish_reason, 'length');
    const numbers = client.of('chat').map(({ sequence }) => sequence);
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index + 1),
    );
    const result = await client.ended('whole');
    assert.deepEqual([result.type, result.sequence, result.status], ['result', 1, 200]);
    assert.equal(result.data?.choices[0]?.message?.content, whole.choices[0]?.message.content);

    const prompt = ['Once upon', 'The little dog'];
    const text = (await (await server.post('/v1/completions', { prompt, n: 2, ...greedy })).json()) as TextAnswer;
    client.complete('text', { prompt, n: 2, ...greedy, stream_options: { include_usage: true } });
    assert.deepEqual((await client.done('text')).usage?.completion_tokens, 160);
    for (const [index, choice] of text.choices.entries()) assert.equal(client.text('text', index), choice.text);
    assert.deepEqual(client.of('text').at(-2)?.data?.usage, client.of('text').at(-1)?.usage);
    await client.close();
  });

  it('carry text beyond ASCII and quotes unharmed', async () => {
    const client = await SocketClient.open(server);
    const prompt = 'He said "ä€😀\\n"\u2028';
    client.complete('echo', { prompt, echo: true, max_tokens: 1 });
    await client.done('echo');
    assert.ok(client.text('echo').startsWith(prompt));
    await client.close();
  });

  // The seed counted every stream ever started on a connection: its sixth chat always failed.
  it('come 20 times one after the other on one connection that may have one stream at a time', async () => {
    await using one = await startServer({ webSocket: { maxStreams: 1 } });
    const client = await SocketClient.open(one);
    for (let i = 0; i < 20; i++) {
      client.complete(`s${String(i)}`, { prompt: 'Once', max_tokens: 3, ignore_eos: true });
      assert.equal((await client.done(`s${String(i)}`)).usage?.completion_tokens, 3);
    }
    client.complete('same', { prompt: 'Once', max_tokens: 3 });
    await client.done('same');
    await client.close();
    await one.settled();
  });

  it('come 50 at a time on one connection, each the one that it would be alone', async () => {
    const client = await SocketClient.open(server);
    const ids = Array.from({ length: 50 }, (_, i) => `s${String(i)}`);
    const bodyOf = (id: string): object => ({ prompt: `Once ${id}`, temperature: 0, max_tokens: 12, ignore_eos: true });
    for (const id of ids) client.complete(id, bodyOf(id));
    await Promise.all(ids.map((id) => client.done(id)));
    const order = client.messages.map(({ id }) => id).filter((id) => id !== undefined);
    const changes = order.filter((id, index) => index > 0 && id !== order[index - 1]).length;
    // One after the other they would change 49 times.
    assert.ok(changes > ids.length, `the streams changed ${String(changes)} times`);
    for (const id of ['s0', 's17', 's49']) {
      client.complete(`alone-${id}`, bodyOf(id));
      await client.done(`alone-${id}`);
      assert.equal(client.text(`alone-${id}`), client.text(id));
    }
    await client.close();
  });

  it('end with an error that has the code cancelled when they are cancelled, and free their sequence', async () => {
    const client = await SocketClient.open(server);
    client.complete('a', endless);
    client.complete('b', { prompt: 'Once', max_tokens: 200, ignore_eos: true });
    await client.until('a chunk of a', () => client.of('a')[0]);
    client.send({ type: 'cancel', id: 'a' });
    const end = await client.ended('a');
    assert.deepEqual([end.type, end.error?.code, end.status], ['error', 'cancelled', 499]);
    assert.equal((await client.done('b')).usage?.completion_tokens, 200);
    await server.settled();
    assert.equal(client.of('a').at(-1), end);
    client.send({ type: 'cancel', id: 'a' });
    const unknown = await client.until('a second answer', () => client.of('a').find((one) => one !== end && one.error));
    assert.equal(unknown.error?.code, 'request_not_found');
    await client.close();
  });

  it('are cancelled when their client leaves', async () => {
    for (const leave of ['close', 'terminate'] as const) {
      const client = await SocketClient.open(server);
      client.complete('a', endless);
      client.chat('b', { messages, max_tokens: 10_000, ignore_eos: true });
      await client.until('chunks of both', () => client.of('a')[0] && client.of('b')[0]);
      client.ws[leave]();
      await server.settled();
    }
  });

  it('are what a request gets that is wrong: all faults at once, and the connection goes on', async () => {
    const client = await SocketClient.open(server);
    client.chat('a', { messages: [], temperature: 9, max_tokens: 0 });
    const { error, status } = await client.ended('a');
    assert.equal(status, 400);
    assert.match(error?.message ?? '', /messages.*temperature|temperature.*messages/u);
    client.chat('b', { messages, model: 'nobody' });
    assert.equal((await client.ended('b')).error?.code, 'model_not_found');
    client.complete('c', { prompt: 'x '.repeat(40_000) });
    assert.equal((await client.ended('c')).error?.code, 'context_length_exceeded');
    client.send({ type: 'chat_request', id: 'd', data: 7 });
    assert.equal((await client.ended('d')).error?.code, 'invalid_argument');
    client.complete('a', { prompt: 'Once', max_tokens: 2 });
    await client.until('the second a to be done', () => client.of('a').find(({ type }) => type === 'done'));
    await client.close();
  });

  it('keep an id for one stream at a time', async () => {
    const client = await SocketClient.open(server);
    client.complete('a', endless);
    await client.until('a chunk', () => client.of('a')[0]);
    client.complete('a', endless);
    const { error, id } = await client.first('error');
    assert.deepEqual([error?.param, id], ['id', undefined]);
    client.send({ type: 'cancel', id: 'a' });
    assert.equal((await client.ended('a')).error?.code, 'cancelled');
    await client.close();
  });

  it('are refused past the limit of streams, and the slots come back', async () => {
    await using two = await startServer({ webSocket: { maxStreams: 2 }, load: { contextSize: 32_768 } });
    const client = await SocketClient.open(two);
    client.complete('a', endless);
    client.complete('b', endless);
    client.complete('c', endless);
    const { error, status } = await client.ended('c');
    assert.deepEqual([error?.code, status], ['queue_full', 429]);
    client.send({ type: 'cancel', id: 'a' });
    await client.ended('a');
    client.complete('d', { prompt: 'Once', max_tokens: 2 });
    await client.done('d');
    await client.close();
    await two.settled();
  });

  it('are scheduled as asked for: priority, deadline, dependencies', async () => {
    await using busy = await startServer({ load: { contextSize: 32_768, parallel: 1 } });
    const client = await SocketClient.open(busy, { headers: { 'x-inferno-deadline-ms': '100' } });
    const info = await client.first('connection_info');
    client.complete('first', { ...endless, deadline_ms: 60_000 });
    await client.until('a chunk', () => client.of('first')[0]);
    client.complete('vip', { prompt: 'Once', priority: 'vip' });
    assert.equal((await client.ended('vip')).error?.code, 'priority_not_allowed');
    client.complete('late', { prompt: 'Once', max_tokens: 2 });
    assert.equal((await client.ended('late')).error?.code, 'deadline_exceeded');
    const dependencies = [`${info.connection_id ?? ''}:first`];
    client.complete('after', { prompt: 'Once', max_tokens: 2, deadline_ms: 60_000, dependencies });
    const response = await fetch(`${busy.url}/v1/requests/${dependencies[0] ?? ''}`);
    assert.equal(response.status, 200);
    client.send({ type: 'cancel', id: 'first' });
    assert.equal((await client.ended('after')).error?.code, 'dependency_failed');
    await client.close();
    await busy.settled();
  });

  it('reach the WebSocket of undici, which is that of browsers', async () => {
    const socket = new BrowserLikeSocket(`ws://127.0.0.1:${String(server.port)}/ws/stream`, ['inferno.v1']);
    let text = '';
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => {
        socket.send(JSON.stringify({ type: 'chat_request', id: 'a', data: { messages, ...greedy } }));
      });
      socket.addEventListener('message', ({ data }) => {
        const message = JSON.parse(String(data)) as SocketClient['messages'][number];
        text += message.data?.choices[0]?.delta?.content ?? '';
        if (message.type === 'done') resolve();
        if (message.type === 'error') reject(new Error(String(data)));
      });
      socket.addEventListener('error', () => {
        reject(new Error('The connection failed.'));
      });
    });
    socket.close();
    const whole = (await (await server.post('/v1/chat/completions', { messages, ...greedy })).json()) as ChatAnswer;
    assert.equal(text, whole.choices[0]?.message.content);
  });

  it('are counted in the status of the queue', async () => {
    const client = await SocketClient.open(server);
    client.complete('a', endless);
    await client.until('a chunk', () => client.of('a')[0]);
    await eventually('the counts are right', async () => {
      const status = (await (await fetch(`${server.url}/metrics/queue/status`)).json()) as {
        readonly websocket: { readonly connections: number; readonly streams: number };
      };
      return status.websocket.connections === 1 && status.websocket.streams === 1;
    });
    await client.close();
  });

  it('are preceded by heartbeats while they wait', async () => {
    await using slow = await startServer({ load: { contextSize: 32_768, parallel: 1 }, limits: { heartbeatMs: 50 } });
    const client = await SocketClient.open(slow);
    const waiting = await SocketClient.open(slow);
    client.complete('a', endless);
    await client.until('a chunk', () => client.of('a')[0]);
    waiting.complete('b', endless);
    await waiting.first('heartbeat');
    await client.close();
    await waiting.until('a chunk', () => waiting.of('b')[0]);
    await waiting.close();
    await slow.settled();
  });
});
