import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, startServer, type TestServer } from '../support/with-server.js';
import type { TextAnswer } from '../server/openai-shapes.js';
import { SocketClient, type ServerMessage } from './socket-client.js';

/** With a seed, so that no guesses of the engine make steps of another shape, which may decide a close choice otherwise. */
const request = { prompt: 'Once upon a time', temperature: 0.8, seed: 7, max_tokens: 200, ignore_eos: true };
const load = { contextSize: 32_768, parallel: 4 };

async function tokenOf(client: SocketClient): Promise<string> {
  return (await client.first('connection_info')).resume_token ?? '';
}

/** Asks for what an earlier client had open, and waits until it is known how that went. */
async function resumed(
  client: SocketClient,
  token: string,
  streams: readonly { readonly id: string; readonly last_sequence: number }[] = [],
): Promise<ServerMessage> {
  client.send({ type: 'resume', resume_token: token, streams });
  return client.until('resumed or an error', () =>
    client.messages.find(({ type, id }) => type === 'resumed' || (type === 'error' && id === undefined)),
  );
}

async function decodingStops(server: TestServer): Promise<void> {
  let last = -1;
  await eventually('nothing is decoded any more', async () => {
    const before = last;
    await delay(100);
    last = server.model.stats().tokensDecoded;
    return before === last;
  });
}

describe('resume', () => {
  it('goes on after every break where the client stopped: each message once, the text that of one piece', async () => {
    // So few that it takes several connections to get all.
    await using server = await startServer({ load, webSocket: { maxUnacknowledgedTokens: 20 } });
    const whole = (await (await server.post('/v1/completions', request)).json()) as TextAnswer;
    let client = await SocketClient.open(server);
    const token = await tokenOf(client);
    client.complete('a', request, { ack: true });
    const seen: ServerMessage[] = [];
    for (let breaks = 0; breaks < 4; breaks++) {
      const first = await client.until('a message', () => client.of('a')[0]);
      assert.equal(first.sequence, (seen.at(-1)?.sequence ?? 0) + 1);
      await decodingStops(server);
      client.ws.terminate();
      await client.closed();
      // The last one arrived and was not processed: it must come again.
      const arrived = client.of('a');
      seen.push(...arrived.slice(0, Math.max(1, arrived.length - 1)));
      client = await SocketClient.open(server);
      const answer = await resumed(client, token, [{ id: 'a', last_sequence: seen.at(-1)?.sequence ?? 0 }]);
      assert.deepEqual(
        answer.streams?.map(({ id }) => id),
        ['a'],
      );
    }
    client.ws.on('message', () => {
      client.send({ type: 'ack', id: 'a', sequence: client.of('a').at(-1)?.sequence ?? 0 });
    });
    await client.until('a message', () => client.of('a')[0]);
    client.send({ type: 'ack', id: 'a', sequence: client.of('a').at(-1)?.sequence ?? 0 });
    await client.done('a');
    seen.push(...client.of('a'));
    assert.deepEqual(
      seen.map(({ sequence }) => sequence),
      seen.map((_, index) => index + 1),
    );
    assert.equal(seen.map(({ data }) => data?.choices[0]?.text ?? '').join(''), whole.choices[0]?.text);
    await client.close();
    await server.settled();
  });

  it('finds the decoder paused, the slot kept and the end repeated', async () => {
    await using server = await startServer({ load });
    const client = await SocketClient.open(server);
    const token = await tokenOf(client);
    client.complete('long', { ...request, max_tokens: 20_000 }, { ack: true });
    client.complete('short', { ...request, max_tokens: 3 }, { ack: true });
    client.complete('plain', { ...request, max_tokens: 20_000 });
    await client.until('all of them', () => client.of('long')[0] && client.of('plain')[0]);
    await client.done('short');
    client.ws.terminate();
    await decodingStops(server);
    assert.equal(server.model.stats().sequencesBusy, 1);
    assert.equal(server.server.activeRequests, 2);
    const next = await SocketClient.open(server);
    await resumed(next, token, [{ id: 'plain', last_sequence: 1 }]);
    assert.equal((await next.done('short')).usage?.completion_tokens, 3);
    assert.equal(next.of('short')[0]?.sequence, 1);
    await next.until('more of it', () => next.of('long').length > client.of('long').length);
    // Nobody had promised to acknowledge that one.
    assert.equal((await next.ended('plain')).error?.code, 'request_not_found');
    await next.close();
    await server.settled();
  });

  it('comes too late after the grace period: everything was cancelled', async () => {
    await using server = await startServer({ load, webSocket: { resumeGraceMs: 50 } });
    const client = await SocketClient.open(server);
    const token = await tokenOf(client);
    client.complete('a', { ...request, max_tokens: 20_000 }, { ack: true });
    await client.until('a chunk', () => client.of('a')[0]);
    client.ws.terminate();
    await server.settled();
    const next = await SocketClient.open(server);
    assert.equal((await resumed(next, token)).error?.code, 'session_not_found');
    await next.close();
  });

  it('is not waited for when the client says goodbye, or when there is no grace', async () => {
    for (const webSocket of [{}, { resumeGraceMs: 0 }]) {
      await using server = await startServer({ load, webSocket });
      const client = await SocketClient.open(server);
      client.complete('a', { ...request, max_tokens: 20_000 }, { ack: true });
      await client.until('a chunk', () => client.of('a')[0]);
      if ('resumeGraceMs' in webSocket) client.ws.terminate();
      else client.ws.close();
      await server.settled();
    }
  });

  it('takes the streams from a connection that the server believes alive', async () => {
    await using server = await startServer({ load });
    const client = await SocketClient.open(server);
    client.complete('a', { ...request, max_tokens: 20_000 }, { ack: true });
    await client.until('a chunk', () => client.of('a')[0]);
    const next = await SocketClient.open(server);
    await resumed(next, await tokenOf(client), [{ id: 'a', last_sequence: 1 }]);
    assert.equal(await client.closed(), 4001);
    await next.until('more of it', () => next.of('a')[0]);
    next.send({ type: 'cancel', id: 'a' });
    assert.equal((await next.ended('a')).error?.code, 'cancelled');
    next.complete('a', { ...request, max_tokens: 2 });
    await next.until('the end of the next a', () => next.of('a').find(({ type }) => type === 'done'));
    await next.close();
    await server.settled();
  });

  it('is refused with a token of somebody else, of nobody, and after requests', async () => {
    await using server = await startServer({ load, apiKeys: ['one', 'two'] });
    const open = (key: string): Promise<SocketClient> =>
      SocketClient.open(server, { headers: { authorization: `Bearer ${key}` } });
    const client = await open('one');
    client.complete('a', { ...request, max_tokens: 20_000 }, { ack: true });
    await client.until('a chunk', () => client.of('a')[0]);
    for (const token of [await tokenOf(client), 'resume_x', '']) {
      const other = await open('two');
      assert.equal((await resumed(other, token)).error?.code, 'session_not_found');
      await other.pong('it goes on');
      await other.close();
    }
    const busy = await open('one');
    busy.complete('b', { ...request, max_tokens: 20_000 });
    assert.equal((await resumed(busy, await tokenOf(client))).error?.code, 'invalid_argument');
    await busy.close();
    await client.close();
    await server.settled();
  });

  it('ends a stream whose client says it saw what was not sent, or asks for what has gone', async () => {
    await using server = await startServer({ load });
    for (const wrong of [1, 1_000_000]) {
      const client = await SocketClient.open(server);
      const token = await tokenOf(client);
      client.complete('a', { ...request, max_tokens: 20_000 }, { ack: true });
      await client.until('chunks', () => client.of('a').length >= 5);
      client.send({ type: 'ack', id: 'a', sequence: 5 });
      await client.pong('acknowledged');
      client.ws.terminate();
      const next = await SocketClient.open(server);
      await resumed(next, token, [{ id: 'a', last_sequence: wrong }]);
      assert.equal((await next.ended('a')).error?.param, 'last_sequence');
      await next.close();
      await server.settled();
    }
  });
});
