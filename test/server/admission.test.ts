import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually, startServer, type TestServer } from '../support/with-server.js';
import type { ChatAnswer, ErrorBody } from './openai-shapes.js';
import { postText, RawConnection } from './raw-connection.js';

const path = '/v1/completions';

describe('admission', () => {
  it('answers 429 with Retry-After when it has as many generations as it accepts', async () => {
    await using server = await startServer({ load: { contextSize: 8192 }, limits: { maxGenerations: 3 } });
    const endless = { prompt: 'Once', max_tokens: 100_000, ignore_eos: true, stream: true };
    const running = await RawConnection.open(server.port);
    running.send(postText(path, { ...endless, n: 2 }));
    await running.until('data: ');
    const refused = await server.post(path, { prompt: 'Once', n: 2 });
    assert.equal(refused.status, 429);
    assert.match(refused.headers.get('retry-after') ?? '', /^\d+$/);
    const { error } = (await refused.json()) as ErrorBody;
    assert.deepEqual([error.code, error.type], ['queue_full', 'rate_limit_error']);
    const accepted = await server.post(path, { prompt: 'Once', max_tokens: 1 });
    assert.equal(accepted.status, 200);
    await accepted.text();
    running.destroy();
    await server.settled();
    const again = await server.post(path, { prompt: 'Once', n: 3, max_tokens: 1 });
    assert.equal(again.status, 200);
    await again.text();
  });

  it('answers 429 when the bodies in flight are too many bytes, and takes them again when those have gone', async () => {
    await using server = await startServer({ limits: { maxBodyBytesTotal: 50_000 } });
    const request = postText(path, { prompt: 'x'.repeat(30_000) });
    const first = await RawConnection.open(server.port);
    first.send(request.slice(0, -10));
    await eventually('the first body is being read', () => server.server.activeRequests === 1);
    const second = await RawConnection.open(server.port);
    second.send(request.slice(0, -10));
    assert.equal((await second.answer()).status, 429);
    first.destroy();
    await server.settled();
    const third = await RawConnection.open(server.port);
    third.send(request.slice(0, -10));
    await eventually('the third body is being read', () => server.server.activeRequests === 1);
    third.send(request.slice(-10));
    // Longer than the context, which is found out when it has been read.
    assert.equal((await third.answer()).status, 400);
    third.destroy();
  });
});

describe('constraints that are costly to compile', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
  });
  after(async () => {
    await server.settled();
    await server[Symbol.asyncDispose]();
  });

  const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `p${String(i)}`);
  const properties = (count: number): object => Object.fromEntries(names(count).map((name) => [name, {}]));
  const ask = (constraint: object): Promise<Response> =>
    server.post('/v1/chat/completions', { messages: [{ role: 'user', content: 'x' }], max_tokens: 2, ...constraint });

  const refused: readonly (readonly [string, object, string])[] = [
    ['groups without end', { grammar: `root ::= ${'('.repeat(60_000)}"a"${')'.repeat(60_000)}` }, 'grammar'],
    ['a grammar of megabytes', { grammar: `root ::= "${'a'.repeat(2_000_000)}"` }, 'grammar'],
    [
      'thousands of optional properties',
      { json_schema: { type: 'object', properties: properties(2000) } },
      'json_schema',
    ],
    ['many thousands of enum values', { json_schema: { items: { enum: names(20_000) } } }, 'json_schema'],
  ];
  for (const [what, constraint, param] of refused) {
    it(`refuses ${what}`, async () => {
      const response = await ask(constraint);
      assert.equal(response.status, 400);
      assert.equal(((await response.json()) as ErrorBody).error.param, param);
    });
  }

  it('takes what real programs use', async () => {
    const schema = { type: 'object', properties: properties(1000), required: names(1000) };
    for (const constraint of [{ json_schema: schema }, { json_schema: { enum: names(1000) } }]) {
      const response = await ask(constraint);
      assert.equal(response.status, 200);
      await response.text();
    }
  });

  it('takes text with lone surrogates and NUL characters', async () => {
    const body = String.raw`{"messages":[{"role":"user","content":"a\u0000b\ud800c \\ud800 😀"}],"max_tokens":2}`;
    const response = await server.post('/v1/chat/completions', body);
    assert.equal(response.status, 200);
    assert.equal(((await response.json()) as ChatAnswer).choices.length, 1);
  });
});
