import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startServer } from '../support/with-server.js';
import { streamThroughAgent, streamThroughUndici } from './keep-alive-clients.js';

describe('keep-alive', () => {
  it('serves streams through http.Agent without a failure', async () => {
    await using server = await startServer();
    assert.deepEqual(await streamThroughAgent(server.url, 400, 16), { complete: 400, failures: [] });
    await server.settled();
  });

  it('serves streams through undici without a failure', async () => {
    await using server = await startServer();
    assert.deepEqual(await streamThroughUndici(server.url, 400, 16), { complete: 400, failures: [] });
    await server.settled();
  });

  it('tells clients for how long a connection may idle', async () => {
    await using server = await startServer();
    const response = await fetch(`${server.url}/health`);
    assert.equal(response.headers.get('keep-alive'), 'timeout=7');
    await response.text();
  });
});
