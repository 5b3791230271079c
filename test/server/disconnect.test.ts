import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually, startServer, type TestServer } from '../support/with-server.js';
import { postText, RawConnection } from './raw-connection.js';

const path = '/v1/completions';
/** Runs until the context is full unless it is cancelled. */
const endless = { prompt: 'Once upon a time', max_tokens: 100_000, ignore_eos: true };

describe('clients that leave', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer({ load: { contextSize: 8192, parallel: 2 } });
  });
  after(async () => {
    await server.settled();
    await server[Symbol.asyncDispose]();
  });

  const decodesMore = async (): Promise<boolean> => {
    const before = server.model.stats().tokensDecoded;
    await new Promise((resolve) => setTimeout(resolve, 30));
    return server.model.stats().tokensDecoded > before;
  };

  it('free their sequence in the middle of a stream', async () => {
    const connection = await RawConnection.open(server.port);
    connection.send(postText(path, { ...endless, stream: true }));
    await connection.until('data: ');
    assert.equal(server.model.stats().sequencesBusy, 1);
    connection.destroy();
    await server.settled();
    assert.equal(await decodesMore(), false);
  });

  it('free their sequence when nothing is streamed', async () => {
    const connection = await RawConnection.open(server.port);
    connection.send(postText(path, endless));
    await eventually('the sequence is busy', () => server.model.stats().sequencesBusy === 1);
    connection.destroy();
    await server.settled();
  });

  it('free all sequences of an answer with several choices', async () => {
    const abort = new AbortController();
    const response = await fetch(server.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...endless, n: 5, stream: true }),
      signal: abort.signal,
    });
    assert.equal(response.status, 200);
    abort.abort();
    await server.settled();
  });

  it('leave the queue, and those ahead of them alone', async () => {
    const running = await Promise.all([RawConnection.open(server.port), RawConnection.open(server.port)]);
    for (const connection of running) {
      connection.send(postText(path, { ...endless, stream: true }));
      await connection.until('data: ');
    }
    const queued = await RawConnection.open(server.port);
    queued.send(postText(path, endless));
    await eventually('the third request waits', () => server.model.stats().queued === 1);
    queued.destroy();
    await eventually('the queue is empty', () => server.model.stats().queued === 0);
    assert.equal(server.model.stats().sequencesBusy, 2);
    for (const connection of running) connection.destroy();
    await server.settled();
  });

  it('leave nothing behind while their body is read', async () => {
    const connection = await RawConnection.open(server.port);
    connection.send(postText(path, endless).slice(0, -5));
    await eventually('the request is open', () => server.server.activeRequests === 1);
    connection.destroy();
    await server.settled();
  });

  it('leave nothing behind by the hundred', async () => {
    await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const connection = await RawConnection.open(server.port);
        connection.send(postText(path, { ...endless, stream: i % 4 !== 0 }));
        // Some go at once, some after a while, some with their first event.
        if (i % 3 === 0) await new Promise((resolve) => setTimeout(resolve, i));
        connection.destroy();
      }),
    );
    await server.settled();
    await eventually('all connections are closed', () => server.server.connections === 0);
    const response = await server.post(path, { prompt: 'Once', max_tokens: 3 });
    assert.equal(response.status, 200);
    await response.text();
  });
});

describe('connections that say nothing', () => {
  it('keep nobody from being served', async () => {
    await using server = await startServer();
    const starts = [
      '',
      'POST /v1/comp',
      'POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Le',
      postText(path, endless).slice(0, -9),
    ];
    const silent = await Promise.all(
      Array.from({ length: 300 }, async (_, i) => {
        const connection = await RawConnection.open(server.port);
        connection.send(starts[i % starts.length] ?? '');
        return connection;
      }),
    );
    await eventually('the server holds them', () => server.server.connections >= 300);
    for (let i = 0; i < 20; i++) {
      const response = await fetch(`${server.url}/health`);
      assert.equal(response.status, 200);
      await response.text();
    }
    const answer = await server.post(path, { prompt: 'Once', max_tokens: 3 });
    assert.equal(answer.status, 200);
    await answer.text();
    await server.server.close({ drainMs: 0 });
    await Promise.all(silent.map((connection) => connection.closed()));
  });
});
