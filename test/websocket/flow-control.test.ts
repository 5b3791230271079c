import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, startServer, type TestServer } from '../support/with-server.js';
import type { TextAnswer } from '../server/openai-shapes.js';
import { SocketClient } from './socket-client.js';

/** With a seed, so that no guesses of the engine make steps of another shape, which may decide a close choice otherwise. */
const request = { prompt: 'Once upon a time', temperature: 0.8, seed: 7, max_tokens: 300, ignore_eos: true };
const load = { contextSize: 32_768, parallel: 4 };

async function wholeText(server: TestServer, body: object): Promise<string> {
  const answer = (await (await server.post('/v1/completions', body)).json()) as TextAnswer;
  return answer.choices[0]?.text ?? '';
}

/** Nothing is decoded any more although a sequence is busy. */
async function decodingStops(server: TestServer): Promise<void> {
  let [last, same] = [-1, 0];
  await eventually('nothing is decoded any more', async () => {
    await delay(20);
    const { tokensDecoded } = server.model.stats();
    same = tokensDecoded === last ? same + 1 : 0;
    last = tokensDecoded;
    return tokensDecoded > 0 && same >= 10;
  });
  assert.ok(server.model.stats().sequencesBusy > 0, 'the sequence ended');
}

/** Every token of a stream that was asked for with logprobs came, once: there are as many as were made, and no gap. */
async function hasAll(client: SocketClient, id: string): Promise<void> {
  const { usage } = await client.done(id);
  const messages = client.of(id);
  const tokens = messages.flatMap(({ data }) => data?.choices[0]?.logprobs?.tokens ?? []);
  assert.equal(tokens.length, usage?.completion_tokens);
  assert.ok(messages.every(({ sequence }, index) => sequence === index + 1));
}

/** Acknowledges every message of a stream as it comes. */
function acknowledging(client: SocketClient, id: string): void {
  client.ws.on('message', (data: Buffer) => {
    const { id: of, sequence } = JSON.parse(data.toString('utf8')) as SocketClient['messages'][number];
    if (of === id && sequence !== undefined) client.send({ type: 'ack', id, sequence });
  });
}

describe('acknowledgements', () => {
  it('pause one decoder when its window is full, and lose nothing', async () => {
    await using server = await startServer({ load, webSocket: { maxPendingMessages: 20 } });
    const text = await wholeText(server, request);
    const client = await SocketClient.open(server);
    client.complete('a', request, { ack: true });
    await decodingStops(server);
    await client.until('the level critical', () => client.messages.find(({ level }) => level === 'critical'));
    assert.equal(client.of('a').at(-1)?.sequence, client.of('a').length);
    assert.ok(!client.of('a').some(({ type }) => type === 'done'));

    const other = await SocketClient.open(server);
    other.complete('b', { ...request, max_tokens: 400 });
    await other.done('b');
    assert.equal(other.messages.filter(({ type }) => type === 'flow').length, 0);
    await other.close();

    client.complete('c', request);
    assert.equal((await client.ended('c')).error?.code, 'overloaded');

    acknowledging(client, 'a');
    client.send({ type: 'ack', id: 'a', sequence: client.of('a').length });
    await client.done('a');
    assert.equal(client.text('a'), text);
    const levels = client.messages.flatMap(({ id, level }) => (id === 'a' && level !== undefined ? [level] : []));
    assert.equal(levels[0], 'moderate');
    assert.ok(levels.every((level, index) => level !== levels[index - 1]));
    await client.close();
    await server.settled();
  });

  it('bound the tokens that are on their way', async () => {
    await using server = await startServer({ load, webSocket: { maxUnacknowledgedTokens: 30 } });
    const client = await SocketClient.open(server);
    client.complete('a', { ...request, max_tokens: 5000 }, { ack: true });
    await decodingStops(server);
    // What the engine had in hand when it was paused is held back, too.
    assert.ok(server.model.stats().tokensDecoded < 1000);
    client.send({ type: 'ack', id: 'a', sequence: client.of('a').length });
    const seen = client.of('a').length;
    await client.until('more of it', () => client.of('a').length > seen);
    await client.close();
    await server.settled();
  });

  it('begin with the first one a client sends, without having been asked for', async () => {
    await using server = await startServer({ load, webSocket: { maxPendingMessages: 20 } });
    const text = await wholeText(server, request);
    const client = await SocketClient.open(server);
    client.send({ type: 'credit', tokens: 3 });
    client.complete('a', request);
    await client.until('a chunk', () => client.of('a')[0]);
    client.send({ type: 'ack', id: 'a', sequence: 1 });
    client.send({ type: 'credit', tokens: 1000 });
    await decodingStops(server);
    acknowledging(client, 'a');
    client.send({ type: 'ack', id: 'a', sequence: client.of('a').length });
    await client.done('a');
    assert.equal(client.text('a'), text);
    await client.close();
    await server.settled();
  });

  it('that fail to come end that stream with ack_timeout, and no other', async () => {
    await using server = await startServer({ load, limits: { ackTimeoutMs: 200 } });
    const client = await SocketClient.open(server);
    client.complete('silent', { ...request, max_tokens: 20_000 }, { ack: true });
    client.complete('short', { ...request, max_tokens: 2 }, { ack: true });
    client.complete('plain', { ...request, max_tokens: 20_000 });
    const end = await client.ended('silent');
    assert.deepEqual([end.error?.code, end.status], ['ack_timeout', 408]);
    const seen = client.of('plain').length;
    await client.until('more of the other', () => client.of('plain').length > seen);
    // One that has ended has said so; its slot comes back without another word.
    await eventually('the slots are back', () => server.server.activeRequests === 1);
    assert.equal(client.of('short').at(-1)?.type, 'done');
    await client.close();
    await server.settled();
  });

  it('are not missed while there is nothing to acknowledge', async () => {
    await using server = await startServer({ load: { ...load, parallel: 1 }, limits: { ackTimeoutMs: 500 } });
    const client = await SocketClient.open(server);
    client.complete('running', { ...request, max_tokens: 20_000 });
    await client.until('a chunk', () => client.of('running')[0]);
    client.complete('waiting', { ...request, max_tokens: 5 }, { ack: true });
    await delay(1200);
    assert.deepEqual(client.of('waiting'), []);
    acknowledging(client, 'waiting');
    client.send({ type: 'cancel', id: 'running' });
    assert.equal((await client.done('waiting')).usage?.completion_tokens, 5);
    await client.close();
    await server.settled();
  });

  it('of what was never sent, or of nobody, harm nothing', async () => {
    await using server = await startServer({ load });
    const client = await SocketClient.open(server);
    client.complete('a', { ...request, max_tokens: 20_000 });
    await client.until('a chunk', () => client.of('a')[0]);
    client.send({ type: 'ack', id: 'a', sequence: 1_000_000 });
    const { error, id } = await client.first('error');
    assert.deepEqual([error?.param, id], ['sequence', undefined]);
    client.send({ type: 'ack', id: 'gone', sequence: 3 });
    client.send({ type: 'credit', id: 'gone', tokens: 3 });
    await client.pong('after');
    assert.equal(client.messages.filter(({ type }) => type === 'error').length, 1);
    await client.close();
    await server.settled();
  });
});

describe('credit', () => {
  it('in tokens lets that many pass and no more, of one stream or of all', async () => {
    await using server = await startServer({ load });
    const text = await wholeText(server, request);
    for (const id of ['a', undefined]) {
      const client = await SocketClient.open(server);
      if (id === undefined) client.send({ type: 'credit', tokens: 40 });
      client.complete('a', request);
      if (id !== undefined) client.send({ type: 'credit', id, tokens: 40 });
      await decodingStops(server);
      await client.pong('all that was sent is here');
      assert.ok(text.startsWith(client.text('a')));
      assert.ok(client.text('a').length < text.length);
      const seen = client.of('a').length;
      client.send({ type: 'credit', id, tokens: 0, bytes: 1_000_000 });
      await client.pong('bytes alone help nobody');
      assert.equal(client.of('a').length, seen);
      client.send({ type: 'credit', id, tokens: 10_000 });
      await client.done('a');
      assert.equal(client.text('a'), text);
      await client.close();
    }
    await server.settled();
  });

  it('in bytes is used up to the message that uses it up', async () => {
    await using server = await startServer({ load });
    const client = await SocketClient.open(server);
    client.send({ type: 'credit', bytes: 1000 });
    client.complete('a', { ...request, logprobs: 0 });
    client.complete('b', { ...request, logprobs: 0 });
    await decodingStops(server);
    await client.pong('all that was sent is here');
    const sizes = [...client.of('a'), ...client.of('b')].map((message) => JSON.stringify(message).length);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    assert.ok(total >= 1000 && total < 1000 + Math.max(...sizes), `${String(total)} bytes came`);
    client.send({ type: 'credit', bytes: 1_000_000 });
    await Promise.all([hasAll(client, 'a'), hasAll(client, 'b')]);
    await client.close();
    await server.settled();
  });
});

describe('a client that does not read', () => {
  /** Every chunk carries the model's name; a long one fills the buffers of the kernel after some hundred tokens. */
  const modelId = 'm'.repeat(32_000);
  /** Compressed it would not. */
  const plain = { perMessageDeflate: false };
  const long = { ...request, max_tokens: 600, logprobs: 0 };

  it('pauses its own decoders, and loses nothing when it reads again', async () => {
    await using server = await startServer({ modelId, load });
    const client = await SocketClient.open(server, plain);
    client.complete('a', long);
    client.complete('b', long);
    client.ws.pause();
    await decodingStops(server);
    assert.equal(server.model.stats().sequencesBusy, 2);
    const other = await SocketClient.open(server);
    other.complete('c', { ...long, max_tokens: 20 });
    await other.done('c');
    await other.close();
    client.ws.resume();
    await Promise.all([hasAll(client, 'a'), hasAll(client, 'b')]);
    await client.close();
    await server.settled();
  });

  it('is dropped after the stall timeout, and its sequences are free', async () => {
    await using server = await startServer({ modelId, load, limits: { stallTimeoutMs: 300 } });
    const client = await SocketClient.open(server, plain);
    client.complete('a', { ...long, max_tokens: 20_000 });
    await client.until('a chunk', () => client.of('a')[0]);
    client.ws.pause();
    await server.settled();
    assert.equal(server.server.connections, 0);
    client.ws.resume();
    assert.equal(await client.closed(), 1006);
  });

  it('is dropped when it floods the server with messages that are answered', async () => {
    const limits = { maxBodyBytes: 1_000_000, maxBufferedBytes: 100_000 };
    await using server = await startServer({ load, limits });
    const client = await SocketClient.open(server, plain);
    client.ws.pause();
    const payload = 'x'.repeat(500_000);
    for (let i = 0; i < 60; i++) client.send({ type: 'ping', payload });
    await eventually('the connection is closed', () => server.server.connections === 0);
    client.ws.terminate();
  });
});
