import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually, startServer } from '../support/with-server.js';
import { SocketClient } from './socket-client.js';

const load = { contextSize: 32_768, parallel: 4 };
const endless = { prompt: 'Once', max_tokens: 30_000, ignore_eos: true };

describe('a server that closes', () => {
  it('lets streams finish, refuses new ones, and says 1001 to everybody', async () => {
    const server = await startServer({ load });
    const idle = await SocketClient.open(server);
    const busy = await SocketClient.open(server);
    busy.complete('a', { ...endless, max_tokens: 1000 });
    await busy.until('a chunk', () => busy.of('a')[0]);
    const closing = server.server.close({ drainMs: 30_000 });
    assert.equal(await idle.closed(), 1001);
    busy.complete('b', endless);
    assert.equal((await busy.ended('b')).error?.code, 'shutting_down');
    assert.equal((await busy.done('a')).usage?.completion_tokens, 1000);
    assert.equal(await busy.closed(), 1001);
    await closing;
    await server.model.unload();
  });

  it('ends what does not finish in time with the error shutting_down, then 1001', async () => {
    const server = await startServer({ load });
    const client = await SocketClient.open(server);
    client.complete('a', endless);
    client.complete('b', endless, { ack: true });
    await client.until('chunks', () => client.of('a')[0] && client.of('b')[0]);
    await server.server.close({ drainMs: 0 });
    assert.equal((await client.ended('a')).error?.code, 'shutting_down');
    assert.equal((await client.ended('b')).error?.code, 'shutting_down');
    assert.equal(await client.closed(), 1001);
    await eventually('every sequence is free', () => server.model.stats().sequencesBusy === 0);
    await server.model.unload();
  });

  it('does not wait for connections that are lost', async () => {
    const server = await startServer({ load });
    const client = await SocketClient.open(server);
    client.complete('a', endless, { ack: true });
    await client.until('a chunk', () => client.of('a')[0]);
    client.ws.terminate();
    await client.closed();
    await server.server.close({ drainMs: 3_600_000 });
    await server.model.unload();
  });

  it('ends streams whose model goes with an error', async () => {
    await using server = await startServer({ load });
    const client = await SocketClient.open(server);
    client.complete('a', endless);
    await client.until('a chunk', () => client.of('a')[0]);
    await server.model.unload();
    assert.equal((await client.ended('a')).error?.code, 'model_unloaded');
    await client.pong('the connection goes on');
    await client.close();
  });
});
