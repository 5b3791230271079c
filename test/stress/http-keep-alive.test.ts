import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { streamThroughAgent, streamThroughUndici } from '../server/keep-alive-clients.js';
import { startServerProcess } from '../support/with-server.js';

const requests = 10_000;

describe('10,000 streams over kept connections', () => {
  it('fail never through http.Agent', { timeout: 600_000 }, async () => {
    await using server = await startServerProcess();
    assert.deepEqual(await streamThroughAgent(server.url, requests, 32), { complete: requests, failures: [] });
  });

  it('fail never through undici', { timeout: 600_000 }, async () => {
    await using server = await startServerProcess();
    assert.deepEqual(await streamThroughUndici(server.url, requests, 32), { complete: requests, failures: [] });
  });
});
