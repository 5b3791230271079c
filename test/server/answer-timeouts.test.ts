import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TokenStream } from '../../lib/api/token-sink.js';
import type { QueuePosition } from '../../lib/api/types.js';
import { AnswerTimer } from '../../lib/server/answer-timer.js';
import { startServer, eventually, type TestServer } from '../support/with-server.js';
import { SocketClient } from '../websocket/socket-client.js';
import { EventClient } from '../sse/event-client.js';
import { eventsOf } from './event-texts.js';
import type { ErrorBody, TextAnswer } from './openai-shapes.js';

type Standing = Partial<QueuePosition>;

/** A generation that stands where a test says. */
class PlacedStream implements TokenStream {
  standing: Standing | undefined;
  cancel(): void {
    this.standing = undefined;
  }
  pause(): void {
    // The timer is told.
  }
  resume(): void {
    // The timer is told.
  }
  position(): QueuePosition | undefined {
    if (this.standing === undefined) return undefined;
    return { state: 'running', position: 0, etaMs: 0, answeredTokens: 1, computedTokens: 0, ...this.standing };
  }
}

const second = 1000;
const contract = { inferenceTimeoutMs: 300 * second, tokenTimeoutMs: 30 * second };

/** Looks every second of a clock that stands still otherwise; the code of what is overdue, and when it was. */
function overdueAfter(
  standingAt: (atSecond: number) => Standing | undefined,
  { limits = contract, isPaused = false, untilSecond = 2000 } = {},
): [code: string, atSecond: number] | undefined {
  const timer = new AnswerTimer(limits);
  const stream = new PlacedStream();
  for (let at = 0; at <= untilSecond; at++) {
    stream.standing = standingAt(at);
    const reply = timer.overdue(at * second, [stream], isPaused);
    if (reply !== undefined) return [reply.code, at];
  }
  return undefined;
}

describe('the time of an answer', () => {
  it('is 300 s of computing, however steadily tokens come', () => {
    assert.deepEqual(
      overdueAfter((at) => ({ computedTokens: at })),
      ['inference_timeout', 301],
    );
  });

  it('does not run while it waits, is prepared, is held or is parked', () => {
    for (const state of ['waiting', 'preparing', 'held', 'parked'] as const) {
      assert.equal(
        overdueAfter(() => ({ state })),
        undefined,
      );
    }
    // A second of every two it is parked.
    const [, at] = overdueAfter((now) => ({ state: now % 20 < 10 ? 'running' : 'parked', computedTokens: now })) ?? [];
    assert.ok(at !== undefined && at > 600, `it ended after ${String(at)} s`);
  });

  it('is 30 s for one token after the first', () => {
    assert.deepEqual(
      overdueAfter((at) => ({ computedTokens: Math.min(at, 100) })),
      ['token_timeout', 131],
    );
  });

  it('is that of the whole for a first token: a prompt takes as long as it is long', () => {
    assert.deepEqual(
      overdueAfter(() => ({ answeredTokens: 0 })),
      ['inference_timeout', 301],
    );
  });

  it('counts what is computed, not what is said: text that is held back is no standstill', () => {
    const [code] = overdueAfter((at) => ({ answeredTokens: 1 + at, computedTokens: 10 + at })) ?? [];
    assert.equal(code, 'inference_timeout');
  });

  it('begins anew for the token after a pause or after being parked', () => {
    assert.deepEqual(
      overdueAfter(() => ({}), { isPaused: true }),
      ['inference_timeout', 301],
    );
    assert.deepEqual(
      overdueAfter((at) => ({ state: at < 500 ? 'parked' : 'running' })),
      ['token_timeout', 531],
    );
  });

  it('is without end where the limits are 0', () => {
    const limits = { inferenceTimeoutMs: 0, tokenTimeoutMs: 0 };
    assert.equal(
      overdueAfter(() => ({}), { limits }),
      undefined,
    );
  });
});

const load = { contextSize: 32_768, parallel: 1 };
const endless = { prompt: 'Once', max_tokens: 30_000, ignore_eos: true };
const limits = { inferenceTimeoutMs: 400 };
const path = '/v1/completions';

async function codeOfEach(server: TestServer): Promise<Record<string, unknown>> {
  const whole = await server.post(path, endless);
  const { error } = (await whole.json()) as ErrorBody;
  const sse = eventsOf(await (await server.post(path, { ...endless, stream: true })).text());
  const last = JSON.parse(sse.at(-1) ?? '') as ErrorBody;
  const events = await EventClient.open(server, { body: endless });
  const event = await events.event('error');
  await events.over();
  const client = await SocketClient.open(server);
  client.complete('a', endless);
  const message = await client.ended('a');
  await client.close();
  return {
    whole: [whole.status, error.code],
    sse: [sse.length > 1, last.error.code, last.error.type],
    events: [event.data.status, event.data.error?.code, events.chunks.length > 0],
    webSocket: [message.status, message.error?.code],
  };
}

describe('an answer that takes too long', () => {
  it('ends as 504 when it is whole, as a typed error in every kind of stream, and frees its sequence', async () => {
    await using server = await startServer({ load, limits });
    assert.deepEqual(await codeOfEach(server), {
      whole: [504, 'inference_timeout'],
      sse: [true, 'inference_timeout', 'server_error'],
      events: [504, 'inference_timeout', true],
      webSocket: [504, 'inference_timeout'],
    });
    await server.settled();
    const next = (await (await server.post(path, { prompt: 'Once', max_tokens: 3 })).json()) as TextAnswer;
    assert.ok((next.usage?.completion_tokens ?? 0) > 0);
  });

  it('takes no time from those that wait behind it', async () => {
    await using server = await startServer({ load, limits: { inferenceTimeoutMs: 500 } });
    const first = await EventClient.open(server, { body: endless });
    await first.event('completion_chunk');
    // It waits for all that time, and then needs next to none.
    const second = server.post(path, { prompt: 'Once', max_tokens: 1, ignore_eos: true });
    await eventually('it waits', () => server.model.queueStatus().queued === 1);
    assert.equal((await first.event('error')).data.error?.code, 'inference_timeout');
    assert.equal((await second).status, 200);
    await server.settled();
  });

  it('ends although its client does not read, and although it was lost', async () => {
    await using server = await startServer({ load, limits });
    const client = await EventClient.open(server, { body: endless });
    await client.event('completion_chunk');
    client.break();
    await eventually('the sequence is free', () => server.model.stats().sequencesBusy === 0);
    const next = await EventClient.open(server, { headers: { 'last-event-id': client.lastEventId } });
    assert.equal((await next.event('error')).data.error?.code, 'inference_timeout');
    await next.over();
    await server.settled();
  });

  it('is told apart from one whose tokens do not come', async () => {
    // A look every 10 ms finds a step that takes longer; prompts beside it make its steps long.
    await using server = await startServer({
      load: { contextSize: 32_768, parallel: 4 },
      limits: { tokenTimeoutMs: 1 },
    });
    const prompt = Array.from({ length: 3 }, (_, i) => `${String(i)} ${'word '.repeat(3000)}`);
    const client = await EventClient.open(server, { body: endless });
    await client.event('completion_chunk');
    const beside = await EventClient.open(server, { body: { prompt, max_tokens: 1, resumable: false } });
    assert.equal((await client.event('error')).data.error?.code, 'token_timeout');
    beside.break();
    await server.settled();
  });
});
