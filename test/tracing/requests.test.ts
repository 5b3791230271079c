/** What a collector gets of requests to a real server. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { z } from 'zod';
import { SocketClient } from '../websocket/socket-client.js';
import { startServer, type TestServer } from '../support/with-server.js';
import { startCollector, type Collector } from './collector.js';

const traceparentFormat = /^00-([\da-f]{32})-([\da-f]{16})-01$/u;
const parentTrace = '0af7651916cd43dd8448eb211c80319c';
const parentSpan = 'b7ad6b7169203331';
const recent = z.object({
  profiles: z.array(z.object({ request_id: z.string(), trace_id: z.string().nullable() })),
});

let collector: Collector;
let server: TestServer;
before(async () => {
  // Spans that wait for company would make the tests wait.
  process.env['OTEL_BSP_SCHEDULE_DELAY'] = '20';
  collector = await startCollector();
  server = await startServer({
    tracing: { endpoint: collector.url, serviceName: 'under test', headers: { 'x-key': 'abc' } },
  });
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await collector[Symbol.asyncDispose]();
});

const chat = { messages: [{ role: 'user', content: 'Once' }], max_tokens: 5, temperature: 0, ignore_eos: true };

async function traceIdOf(response: Response): Promise<string> {
  await response.text();
  const [, traceId = ''] = traceparentFormat.exec(response.headers.get('traceparent') ?? '') ?? [];
  assert.notEqual(traceId, '');
  return traceId;
}

describe('the trace of a request', () => {
  it('has a span for every phase, within the request', async () => {
    const response = await server.post('/v1/chat/completions', chat);
    const traceId = await traceIdOf(response);
    const trace = await collector.trace(traceId);
    trace.assertNested();
    const top = trace.named('POST /v1/chat/completions');
    assert.equal(top.kind, 2);
    assert.equal(top.parentSpanId, '');
    assert.equal(top.attributes['http.route'], '/v1/chat/completions');
    assert.equal(top.attributes['http.request.method'], 'POST');
    assert.equal(top.attributes['http.response.status_code'], 200);
    assert.equal(top.attributes['inferno.request.id'], response.headers.get('x-request-id'));
    assert.deepEqual(trace.below(top), ['receive', 'chat tiny', 'serialize']);
    const inference = trace.named('chat tiny');
    assert.deepEqual(
      trace.below(inference).filter((name) => name !== 'queue'),
      ['tokenize', 'prefill', 'decode'],
    );
    assert.equal(inference.attributes['gen_ai.request.model'], 'tiny');
    assert.equal(inference.attributes['gen_ai.request.max_tokens'], 5);
    assert.equal(inference.attributes['gen_ai.usage.output_tokens'], 5);
    assert.equal(inference.attributes['gen_ai.request.stream'], false);
    assert.deepEqual(
      inference.events.map(({ name }) => name),
      ['first_token'],
    );
    assert.equal(trace.named('decode').attributes['inferno.tokens.completion'], 5);
    assert.equal(inference.attributes['gen_ai.input.messages'], undefined);
    assert.equal(collector.resources[0]?.['service.name'], 'under test');
    assert.equal(collector.headers[0]?.['x-key'], 'abc');
  });

  it('continues the trace of its caller, with its state', async () => {
    const headers = { traceparent: `00-${parentTrace}-${parentSpan}-01`, tracestate: 'vendor=1' };
    const response = await server.post('/v1/completions', { prompt: 'a', max_tokens: 2, stream: true }, headers);
    assert.equal(await traceIdOf(response), parentTrace);
    const top = (await collector.trace(parentTrace)).named('POST /v1/completions');
    assert.deepEqual([top.parentSpanId, top.traceState], [parentSpan, 'vendor=1']);
    assert.ok(response.headers.get('traceparent')?.includes(top.spanId));
  });

  it('follows a caller that does not record, and sends its ids back', async () => {
    const traceId = '1'.repeat(32);
    const headers = { traceparent: `00-${traceId}-${parentSpan}-00` };
    const response = await server.post('/v1/completions', { prompt: 'a', max_tokens: 2 }, headers);
    await response.text();
    assert.match(response.headers.get('traceparent') ?? '', new RegExp(`^00-${traceId}-[\\da-f]{16}-00$`, 'u'));
    const sampled = await traceIdOf(await server.post('/v1/completions', { prompt: 'a', max_tokens: 2 }));
    await collector.trace(sampled);
    assert.deepEqual(
      collector.spans.filter((span) => span.traceId === traceId),
      [],
    );
  });

  for (const traceparent of [
    'nonsense',
    `00-${'0'.repeat(32)}-${parentSpan}-01`,
    `00-${parentTrace}-${'0'.repeat(16)}-01`,
    `ff-${parentTrace}-${parentSpan}-01`,
    `00-${parentTrace.toUpperCase()}-${parentSpan}-01`,
    `00-${parentTrace}-${parentSpan}-01-more`,
  ]) {
    it(`begins a new trace for ${traceparent}`, async () => {
      const response = await server.post('/v1/completions', { prompt: 'a', max_tokens: 1 }, { traceparent });
      assert.notEqual(await traceIdOf(response), parentTrace);
    });
  }

  it('says what went wrong, and blames the server only for its own errors', async () => {
    const refused = await traceIdOf(await server.post('/v1/chat/completions', { messages: 'none' }));
    const top = (await collector.trace(refused)).named('POST /v1/chat/completions');
    assert.equal(top.attributes['http.response.status_code'], 400);
    assert.equal(typeof top.attributes['error.type'], 'string');
    assert.notEqual(top.status.code, 2);
    const lost = await traceIdOf(await fetch(`${server.url}/nowhere/with/an/id`));
    // A path of a client's choice is no name: every one would be a series of its own.
    const unknown = (await collector.trace(lost)).named('GET');
    assert.equal(unknown.attributes['url.path'], '/nowhere/with/an/id');
  });

  it('ends when its client leaves', async () => {
    const abort = new AbortController();
    const response = await fetch(`${server.url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'a', max_tokens: 900, stream: true, ignore_eos: true }),
      signal: abort.signal,
    });
    const [, traceId = ''] = traceparentFormat.exec(response.headers.get('traceparent') ?? '') ?? [];
    await response.body?.getReader().read();
    abort.abort();
    const trace = await collector.trace(traceId);
    trace.assertNested();
    const top = trace.named('POST /v1/completions');
    assert.equal(top.attributes['error.type'], 'cancelled');
    assert.notEqual(top.status.code, 2);
    await server.settled();
  });

  it('has every choice of a request', async () => {
    const traceId = await traceIdOf(await server.post('/v1/chat/completions', { ...chat, n: 3 }));
    const trace = await collector.trace(traceId);
    const inference = trace.named('chat tiny');
    assert.equal(inference.attributes['gen_ai.request.choice.count'], 3);
    assert.equal(inference.attributes['gen_ai.usage.output_tokens'], 15);
    const decodes = trace.spans.filter(({ name }) => name === 'decode');
    assert.deepEqual(decodes.map(({ attributes }) => attributes['inferno.choice.index']).sort(), [0, 1, 2]);
  });

  it('is linked with the requests it waited for', async () => {
    const first = await server.post('/v1/completions', { prompt: 'a', max_tokens: 60, ignore_eos: true });
    const firstTrace = await traceIdOf(first);
    const id = first.headers.get('x-request-id') ?? '';
    const second = await traceIdOf(
      await server.post('/v1/completions', { prompt: 'b', max_tokens: 2, dependencies: [id] }),
    );
    const top = (await collector.trace(second)).named('POST /v1/completions');
    assert.deepEqual(
      top.links.map((link) => link.traceId),
      [firstTrace],
    );
  });

  it('covers a message on a WebSocket', async () => {
    const client = await SocketClient.open(server);
    client.chat('a', chat, { traceparent: `00-${'2'.repeat(32)}-${parentSpan}-01` });
    await client.done('a');
    await client.close();
    const top = (await collector.trace('2'.repeat(32))).named('chat_request /ws/stream');
    assert.equal(top.parentSpanId, parentSpan);
    assert.equal(top.attributes['network.protocol.name'], 'websocket');
  });

  it('is found by the id that profiles and exemplars carry', async () => {
    const response = await server.post('/v1/completions', { prompt: 'a', max_tokens: 3 });
    const traceId = await traceIdOf(response);
    await server.settled();
    const profiles = recent.parse(await (await fetch(`${server.url}/metrics/profiles/recent`)).json()).profiles;
    const own = profiles.find(({ request_id: id }) => id === response.headers.get('x-request-id'));
    assert.equal(own?.trace_id, traceId);
    const accept = 'application/openmetrics-text; version=1.0.0';
    const metrics = await (await fetch(`${server.url}/metrics`, { headers: { accept } })).text();
    assert.match(metrics, new RegExp(`# \\{trace_id="${traceId}"\\}`, 'u'));
  });
});
