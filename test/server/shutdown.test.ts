import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually, startServer, startServerProcess } from '../support/with-server.js';
import type { ErrorBody } from './openai-shapes.js';
import { postText, RawConnection } from './raw-connection.js';

const path = '/v1/completions';
const endless = { prompt: 'Once upon a time', max_tokens: 100_000, ignore_eos: true };
const load = { contextSize: 8192, parallel: 2 };

describe('closing the server', () => {
  it('lets running answers finish and closes idle connections', async () => {
    await using server = await startServer({ load });
    const idle = await RawConnection.open(server.port);
    const running = await RawConnection.open(server.port);
    running.send(postText(path, { ...endless, max_tokens: 200, stream: true }));
    await running.until('data: ');
    await server.server.close({ drainMs: 30_000 });
    await running.closed();
    assert.match(running.received, /data: \[DONE\]\n\n/);
    await idle.closed();
    assert.equal(server.server.connections, 0);
    await assert.rejects(fetch(`${server.url}/health`));
  });

  it('ends what is left with an error event, never with [DONE]', async () => {
    await using server = await startServer({ load });
    const streaming = await RawConnection.open(server.port);
    streaming.send(postText(path, { ...endless, stream: true }));
    await streaming.until('data: ');
    const whole = await RawConnection.open(server.port);
    whole.send(postText(path, endless));
    const queued = await RawConnection.open(server.port);
    queued.send(postText(path, { ...endless, stream: true }));
    const reading = await RawConnection.open(server.port);
    reading.send(postText(path, endless).slice(0, -3));
    await eventually('four requests are open', () => server.server.activeRequests === 4);
    await server.server.close({ drainMs: 1 });
    await Promise.all([streaming, whole, queued, reading].map((connection) => connection.closed()));
    assert.match(streaming.received, /data: \{"error":\{[^\n]*"code":"shutting_down"\}\}\n\n/);
    assert.ok(!streaming.received.includes('[DONE]'));
    assert.ok(!streaming.received.includes('"finish_reason":"stop"'));
    for (const connection of [whole, queued, reading]) {
      assert.match(connection.received, /^HTTP\/1.1 503 /);
      assert.match(connection.received, /"code":"shutting_down"/);
    }
    await server.settled();
  });

  it('refuses new requests on open connections while it drains', async () => {
    await using server = await startServer({ load });
    const running = await RawConnection.open(server.port);
    running.send(postText(path, { ...endless, stream: true }));
    await running.until('data: ');
    const idle = await RawConnection.open(server.port);
    idle.send('GET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n');
    assert.equal((await idle.answer()).status, 200);
    const closed = server.server.close({ drainMs: 30_000 });
    idle.send(postText(path, { prompt: 'Once' }));
    await idle.until('HTTP/1.1 503');
    await idle.until('"code":"shutting_down"');
    assert.match(idle.received, /connection: close/i);
    await idle.closed();
    running.destroy();
    await closed;
  });

  it('may be asked for twice', async () => {
    await using server = await startServer({ load });
    await Promise.all([server.server.close(), server.server.close({ drainMs: 1 })]);
  });

  it('says so when the model is unloaded under a stream', async () => {
    await using server = await startServer({ load });
    const connection = await RawConnection.open(server.port);
    connection.send(postText(path, { ...endless, stream: true }));
    await connection.until('data: ');
    await server.model.unload();
    await connection.until('"code":"model_unloaded"');
    assert.ok(!connection.received.includes('[DONE]'));
    const response = await server.post(path, { prompt: 'Once' });
    assert.equal(response.status, 503);
    assert.equal(((await response.json()) as ErrorBody).error.code, 'model_unloaded');
    connection.destroy();
  });
});

describe('inferno serve', () => {
  it('drains on SIGTERM and exits 0', async () => {
    await using server = await startServerProcess();
    const running = await RawConnection.open(server.port);
    running.send(postText(path, { ...endless, max_tokens: 100, stream: true }));
    await running.until('data: ');
    assert.equal(await server.stop(), 0);
    await running.closed();
    assert.match(running.received, /data: \[DONE\]\n\n/);
  });
});
