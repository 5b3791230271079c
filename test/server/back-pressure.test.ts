import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventClient, parseEvents } from '../sse/event-client.js';
import { eventually, startServer, type TestServer } from '../support/with-server.js';
import type { ChatAnswer, TextAnswer } from './openai-shapes.js';
import { eventsIn, postText, RawConnection } from './raw-connection.js';

const path = '/v1/completions';
const load = { contextSize: 2048, parallel: 4 };
/**
 * Every event carries the model's name; a long one fills the buffers of the kernel after some fifty events, which are more
 * tokens where the machine is busy and one event carries several.
 */
const modelId = 'm'.repeat(80_000);
/** With a seed, so that no guesses of the engine make steps of another shape, which may decide a close choice otherwise. */
const request = { prompt: 'Once upon a time', temperature: 0.8, seed: 7, max_tokens: 1500, ignore_eos: true };

/** A client that asks for a stream and does not read it. */
async function startWithoutReading(server: TestServer, fields: object = {}): Promise<RawConnection> {
  const connection = await RawConnection.open(server.port);
  connection.socket.pause();
  connection.send(postText(path, { ...request, ...fields, stream: true }));
  return connection;
}

async function decodingStops(server: TestServer): Promise<void> {
  let [last, same] = [-1, 0];
  await eventually('the paused sequence decodes nothing', async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const { tokensDecoded } = server.model.stats();
    same = tokensDecoded === last ? same + 1 : 0;
    last = tokensDecoded;
    return tokensDecoded > 0 && same >= 10;
  });
}

describe('back-pressure', () => {
  it('pauses the sequence of a client that does not read, and loses nothing when it reads again', async () => {
    await using server = await startServer({ modelId, load });
    const whole = (await (await server.post(path, request)).json()) as TextAnswer;
    const decodedForOne = server.model.stats().tokensDecoded;
    const connection = await startWithoutReading(server);
    await decodingStops(server);
    assert.ok(server.model.stats().tokensDecoded < 2 * decodedForOne, 'the sequence ran to its end');
    assert.equal(server.server.activeRequests, 1);
    assert.equal(server.model.stats().sequencesBusy, 1);

    // Another client is served meanwhile.
    const other = await server.post(path, { ...request, max_tokens: 5 });
    assert.equal(((await other.json()) as TextAnswer).usage?.completion_tokens, 5);

    connection.socket.resume();
    await connection.until('data: [DONE]');
    const text = connection.received.replace(/^.*?\r\n\r\n/s, '').replace(/\r\n[\da-f]+\r\n/g, '');
    const events = eventsIn(text.replace(/^[\da-f]+\r\n/, ''));
    const pieces = events.slice(0, -1).map((event) => (JSON.parse(event) as TextAnswer).choices[0]?.text);
    assert.equal(pieces.join(''), whole.choices[0]?.text);
    connection.destroy();
    await server.settled();
  });

  it('keeps a bounded part of a stream of named events for a client that does not read, while others get theirs', async () => {
    const maxBufferedBytes = 512 * 1024;
    await using server = await startServer({ modelId, load, limits: { maxBufferedBytes } });
    const whole = (await (await server.post(path, request)).json()) as TextAnswer;
    const connection = await RawConnection.open(server.port);
    connection.socket.pause();
    connection.send(postText('/v1/stream/sse', request));
    await decodingStops(server);
    const { tokensDecoded } = server.model.stats();
    assert.ok(tokensDecoded < 2 * request.max_tokens, 'the sequence ran to its end');
    const others = await Promise.all(
      Array.from({ length: 3 }, () => EventClient.open(server, { body: { ...request, max_tokens: 100 } })),
    );
    for (const other of others) {
      await other.event('done');
      assert.ok(whole.choices[0]?.text.startsWith(other.text()));
    }
    // They took turns with the one that stands, which decoded nothing meanwhile.
    assert.equal(server.model.stats().tokensDecoded, tokensDecoded + 300);

    connection.socket.resume();
    await connection.until('event: done');
    const body = connection.received.replace(/^.*?\r\n\r\n/su, '').replaceAll(/(?:^|\r\n)[\da-f]+\r\n/gu, '');
    const chunks = parseEvents(body).events.filter(({ name }) => name === 'completion_chunk');
    assert.equal(chunks.map(({ data }) => data.data?.choices[0]?.text ?? '').join(''), whole.choices[0]?.text);
    connection.destroy();
    await server.settled();
  });

  it('drops clients that never read, and only them', async () => {
    await using server = await startServer({ modelId, load, limits: { stallTimeoutMs: 300 } });
    const silent = await Promise.all(Array.from({ length: 3 }, () => startWithoutReading(server, { logprobs: 0 })));
    const reading = await RawConnection.open(server.port);
    reading.send(postText(path, { ...request, stream: true }));
    await reading.until('data: [DONE]');
    await server.settled();
    for (const connection of silent) {
      connection.socket.resume();
      await connection.closed();
      assert.ok(!connection.received.includes('[DONE]'));
    }
    reading.destroy();
    await eventually('all connections are closed', () => server.server.connections === 0);
  });

  it('sends a large answer whole to a client that reads late', async () => {
    await using server = await startServer({ load });
    const connection = await RawConnection.open(server.port);
    connection.socket.pause();
    const messages = [{ role: 'user', content: 'Once upon a time' }];
    const large = { messages, n: 8, max_tokens: 480, ignore_eos: true, logprobs: true, top_logprobs: 20 };
    connection.send(postText('/v1/chat/completions', large));
    await eventually('the answer is computed', () => server.model.stats().requestsFinished === 8);
    // More than the buffers of the kernel take: the rest waits here, and the request stays open.
    assert.equal(server.server.activeRequests, 1);
    connection.socket.resume();
    const answer = await connection.answer();
    const { choices } = JSON.parse(answer.body) as ChatAnswer;
    assert.deepEqual(
      choices.map((choice) => choice.logprobs?.content.length),
      Array<number>(8).fill(480),
    );
    connection.destroy();
    await server.settled();
  });

  it('keeps silent streams alive with comments', async () => {
    await using server = await startServer({ load: { contextSize: 2048, parallel: 1 }, limits: { heartbeatMs: 50 } });
    const running = await RawConnection.open(server.port);
    running.send(postText(path, { ...request, max_tokens: 1500, stream: true }));
    await running.until('data: ');
    const waiting = await RawConnection.open(server.port);
    waiting.send(postText(path, { ...request, max_tokens: 2, stream: true }));
    await waiting.until('\n:\n\n');
    running.destroy();
    await waiting.until('data: [DONE]');
    waiting.destroy();
    await server.settled();
  });
});
