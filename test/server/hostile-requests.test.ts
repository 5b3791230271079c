/** Requests that are made to hurt: each gets a 4xx and costs no more than its reading, and the server goes on. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { hostileMessages, hostileRequests, nested, withSchema } from '../../bench/hostile/bodies.js';
import { startServer, toolTemplate, type TestServer } from '../support/with-server.js';
import { SocketClient } from '../websocket/socket-client.js';

/** Its folder `test_parsing`: https://github.com/nst/JSONTestSuite. */
const jsonSuite = process.env['INFERNO_JSON_TEST_SUITE'];
const messages = [{ role: 'user', content: 'Once' }];
const chat = '/v1/chat/completions';

describe('hostile requests', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer({ load: { chatTemplate: toolTemplate } });
  });
  after(async () => {
    await server.settled();
    await server[Symbol.asyncDispose]();
  });

  async function assertAlive(): Promise<void> {
    const answer = await server.post('/v1/chat/completions', { messages, max_tokens: 2 });
    assert.equal(answer.status, 200);
    await answer.text();
  }

  for (const { what, path, body, status } of hostileRequests) {
    it(`are refused: ${what}`, async (t) => {
      const sentAt = performance.now();
      const [response] = await Promise.all([server.post(path, body), assertAlive()]);
      const { error } = (await response.json()) as {
        readonly error: { readonly message: string; readonly code?: string; readonly type: string };
      };
      t.diagnostic(`${(performance.now() - sentAt).toFixed(0)} ms with sending and a chat beside it`);
      assert.equal(response.status, status, error.message);
      assert.ok(error.message.length < 4000, 'the answer does not repeat what was sent');
      assert.notEqual(error.code ?? error.type, 'internal_error');
    });
  }

  for (const { what, message, code } of hostileMessages) {
    it(`are refused on a WebSocket: ${what}`, async () => {
      const client = await SocketClient.open(server);
      client.send(message);
      const { error } = await client.first('error');
      assert.equal(error?.code, code, error?.message);
      client.ws.terminate();
      await assertAlive();
    });
  }

  it('in bytes that are not UTF-8 get 400', async () => {
    for (const bytes of [
      [0x22, 0xff, 0x22],
      [0xc0, 0xaf],
      [0xed, 0xa0, 0x80],
      [0x7b, 0x22, 0x80, 0x22, 0x7d],
    ]) {
      const response = await fetch(server.url + chat, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: Buffer.from(bytes),
      });
      assert.equal(response.status, 400);
      await response.text();
    }
  });

  it('with an ambiguous grammar, whose ways double with every character, end and hold up nobody', async () => {
    const grammar = 'root ::= s\ns ::= "a" s "b" | "a" s "c" | "a"';
    const response = await server.post('/completion', { prompt: 'a', n_predict: 200, grammar });
    await response.text();
    assert.ok(response.status === 200 || response.status === 400, String(response.status));
    await assertAlive();
  });

  it('are refused on every endpoint that takes a schema', async () => {
    const deep = JSON.parse(nested(1000, (inner) => `{"not":${inner}}`)) as object;
    const bodies: readonly (readonly [string, object])[] = [
      ['/v1/completions', { prompt: 'a', json_schema: deep }],
      ['/v1/responses', { input: 'a', text: { format: { type: 'json_schema', name: 'a', schema: deep } } }],
      ['/v1/messages', { messages, max_tokens: 4, output_config: { format: { type: 'json_schema', schema: deep } } }],
      ['/completion', { prompt: 'a', json_schema: deep }],
    ];
    for (const [path, body] of bodies) {
      const response = await server.post(path, body);
      assert.equal(response.status, 400, path);
      await response.text();
    }
    await assertAlive();
  });

  it('with a catastrophic pattern cost a moment: patterns are not run but read', async () => {
    const schemas = [
      { type: 'object', properties: { [`${'a'.repeat(1500)}!`]: true }, patternProperties: { '^(a+)+$': true } },
      { type: 'object', properties: { [`${'a'.repeat(5000)}!`]: true }, patternProperties: { '^(a|a)*$': true } },
      { type: 'string', pattern: '^((((a{1,999}){1,999}){1,999}){1,999})$' },
      { enum: [`${'a'.repeat(1000)}!`, 'a'], pattern: '^(a*)*$' },
    ];
    for (const schema of schemas) {
      const response = await server.post('/v1/chat/completions', withSchema(JSON.stringify(schema)));
      assert.ok(response.status === 200 || response.status === 400, String(response.status));
      await response.text();
    }
    await assertAlive();
  });

  const skip = jsonSuite === undefined && 'INFERNO_JSON_TEST_SUITE is not set';
  it('that are no JSON get 400, each of JSONTestSuite', { skip }, async () => {
    const files = readdirSync(jsonSuite ?? '').filter((name) => name.endsWith('.json'));
    assert.ok(files.length > 300);
    for (const file of files) {
      const body = readFileSync(join(jsonSuite ?? '', file));
      const response = await fetch(`${server.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      const { error } = (await response.json()) as { readonly error: { readonly code: string } };
      // None of them is a chat, so that good JSON is a bad request, too, for another reason.
      assert.equal(response.status, 400, file);
      if (file.startsWith('n_')) assert.equal(error.code, 'invalid_json', file);
      if (file.startsWith('y_')) assert.equal(error.code, 'invalid_argument', file);
    }
    await assertAlive();
  });
});
