import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, startServer, type TestServer } from '../support/with-server.js';
import type { ErrorBody, TextAnswer } from '../server/openai-shapes.js';
import { EventClient, path, type NamedEvent } from './event-client.js';

/** With a seed, so that no guesses of the engine make steps of another shape, which may decide a close choice otherwise. */
const request = {
  prompt: 'Once upon a time',
  temperature: 0.8,
  seed: 7,
  max_tokens: 200,
  ignore_eos: true,
  logprobs: 0,
};
const endless = { ...request, max_tokens: 30_000 };
const load = { contextSize: 32_768, parallel: 4 };

async function comeBack(server: TestServer, lastEventId: string, headers = {}): Promise<EventClient> {
  return EventClient.open(server, { headers: { 'last-event-id': lastEventId, ...headers } });
}

async function codeOf(client: EventClient): Promise<string> {
  await client.over();
  return (client.json as ErrorBody).error.code;
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

describe('a stream of named events that lost its connection', () => {
  it('goes on after every break where the client stopped: each event once, the text that of one piece', async () => {
    await using server = await startServer({ load });
    const whole = (await (await server.post('/v1/completions', request)).json()) as TextAnswer;
    let client = await EventClient.open(server, { body: request });
    const numbered = (): NamedEvent[] => client.events.filter(({ data }) => data.sequence !== undefined);
    const seen: NamedEvent[] = [];
    for (let breaks = 0; breaks < 4; breaks++) {
      await client.until('more events', () => numbered().length > 3);
      client.break();
      // Whatever else arrived was not processed: it must come again.
      seen.push(...numbered().slice(0, 3));
      client = await EventClient.open(server, { headers: { 'last-event-id': seen.at(-1)?.id ?? '' } });
      assert.equal(client.status, 200);
      assert.equal((await client.event('resumed')).data.streams?.length, 1);
    }
    await client.event('done');
    await client.over();
    seen.push(...numbered());
    assert.deepEqual(
      seen.map(({ data }) => data.sequence),
      seen.map((_, index) => index + 1),
    );
    assert.equal(seen.map(({ data }) => data.data?.choices[0]?.text ?? '').join(''), whole.choices[0]?.text);
    await server.settled();
  });

  it('waits with its decoder paused, and comes back for who asks with a query', async () => {
    await using server = await startServer({ load });
    const client = await EventClient.open(server, { body: endless });
    await client.event('completion_chunk');
    client.break();
    await decodingStops(server);
    assert.equal(server.model.stats().sequencesBusy, 1);
    assert.equal(server.server.activeRequests, 1);
    const next = await EventClient.open(server, { query: { last_event_id: client.lastEventId, resumable: 'true' } });
    await next.until('more of it', () => next.chunks.length > 3);
    // By POST, too, as clients that fetch do.
    next.break();
    const third = await EventClient.open(server, { body: {}, headers: { 'last-event-id': next.lastEventId } });
    await third.until('more of it', () => third.chunks.length > 3);
    third.break();
  });

  it('comes again from the beginning when nothing but its head arrived', async () => {
    await using server = await startServer({ load });
    const client = await EventClient.open(server, { body: request });
    const info = await client.event('connection_info');
    client.break();
    const next = await comeBack(server, info.id ?? '');
    await next.event('done');
    assert.equal(next.chunks[0]?.data.sequence, 1);
    await server.settled();
  });

  it('is repeated from its end, and tells who has all of it to stay away', async () => {
    await using server = await startServer({ load });
    const client = await EventClient.open(server, { body: { ...request, max_tokens: 20 } });
    await client.event('done');
    await client.over();
    // It keeps no place and no request open.
    await server.settled();
    const session = client.lastEventId.replace(/:\d+$/u, '');
    const next = await comeBack(server, `${session}:3`);
    await next.event('done');
    assert.deepEqual(
      next.events.filter(({ data }) => data.sequence !== undefined).map(({ id }) => id),
      client.events.filter(({ data }) => (data.sequence ?? 0) > 3).map(({ id }) => id),
    );
    await next.over();
    const over = await comeBack(server, client.lastEventId);
    assert.equal(over.status, 204);
    assert.equal(await codeOf(await comeBack(server, `${session}:3`)), 'session_not_found');
  });

  it('is cancelled after the grace period, at once when nobody may come back', async () => {
    for (const [eventStreams, resumable] of [
      [{ resumeGraceMs: 50 }, true],
      [{ resumeGraceMs: 0 }, true],
      [{}, false],
    ] as const) {
      await using server = await startServer({ load, eventStreams });
      const client = await EventClient.open(server, { body: { ...endless, resumable } });
      await client.event('completion_chunk');
      client.break();
      await server.settled();
      const next = await comeBack(server, client.lastEventId);
      assert.deepEqual([next.status, await codeOf(next)], [404, 'session_not_found']);
    }
  });

  it('belongs to the key, or to the ticket, that it was opened with', async () => {
    await using server = await startServer({ load, apiKeys: ['one', 'two'] });
    const one = { authorization: 'Bearer one' };
    const client = await EventClient.open(server, { body: endless, headers: one });
    await client.event('completion_chunk');
    client.break();
    assert.equal(await codeOf(await comeBack(server, client.lastEventId)), 'invalid_api_key');
    const two = await comeBack(server, client.lastEventId, { authorization: 'Bearer two' });
    assert.equal(await codeOf(two), 'session_not_found');
    const query = { ticket: 'ticket_x', last_event_id: client.lastEventId };
    assert.equal(await codeOf(await EventClient.open(server, { query })), 'session_not_found');
    const own = await comeBack(server, client.lastEventId, one);
    await own.event('completion_chunk');
    own.break();

    const issued = await server.post(`${path}/tickets`, endless, one);
    const { url } = (await issued.json()) as { url: string };
    const opened = await EventClient.open(server, { pathname: url });
    await opened.event('completion_chunk');
    opened.break();
    const headers = { 'last-event-id': opened.lastEventId };
    const next = await EventClient.open(server, { pathname: url, headers });
    assert.equal(
      (await next.event('completion_chunk')).data.sequence,
      Number(/\d+$/u.exec(opened.lastEventId)?.[0]) + 1,
    );
    next.break();
  });

  it('keeps its last events only: who missed more than those gets none', async () => {
    await using server = await startServer({ load, eventStreams: { retainedMessages: 5 } });
    const client = await EventClient.open(server, { body: { ...request, max_tokens: 300 } });
    await client.event('done');
    await client.over();
    const last = client.events.at(-1)?.data.sequence ?? 0;
    const session = client.lastEventId.replace(/:\d+$/u, '');
    assert.equal(await codeOf(await comeBack(server, `${session}:${String(last - 6)}`)), 'session_not_found');
    assert.equal(await codeOf(await comeBack(server, `${session}:${String(last + 1)}`)), 'session_not_found');
    const next = await comeBack(server, `${session}:${String(last - 5)}`);
    await next.event('done');
    assert.equal(next.events.filter(({ data }) => data.sequence !== undefined).length, 5);
  });

  it('is taken from a connection that the server believes alive', async () => {
    await using server = await startServer({ load });
    const client = await EventClient.open(server, { body: endless });
    await client.event('completion_chunk');
    const next = await comeBack(server, client.lastEventId);
    await client.over();
    await next.event('completion_chunk');
    assert.equal(server.server.activeRequests, 1);
    next.break();
  });

  it('ends with an event when the server shuts down', async () => {
    await using server = await startServer({ load });
    const client = await EventClient.open(server, { body: endless });
    await client.event('completion_chunk');
    await server.server.close({ drainMs: 0 });
    assert.equal((await client.event('error')).data.error?.code, 'shutting_down');
    await client.over();
  });
});
