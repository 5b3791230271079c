/** Requests that are made to hurt: each gets a 4xx and costs no more than its reading, and the server goes on. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startServer, type TestServer } from '../support/with-server.js';

/** Its folder `test_parsing`: https://github.com/nst/JSONTestSuite. */
const jsonSuite = process.env['INFERNO_JSON_TEST_SUITE'];
const messages = [{ role: 'user', content: 'Once' }];
const mebibyte = 2 ** 20;

function nested(levels: number, wrap: (inner: string) => string): string {
  let [open, close] = ['', ''];
  const [before = '', behind = ''] = wrap('\u0000').split('\u0000');
  for (let level = 0; level < levels; level++) [open, close] = [open + before, behind + close];
  return `${open}{"type":"integer"}${close}`;
}

function withSchema(schema: string): string {
  return `{"messages":${JSON.stringify(messages)},"max_tokens":4,"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":${schema}}}}`;
}

function withField(name: string, value: unknown): string {
  return JSON.stringify({ messages, max_tokens: 4, [name]: value });
}

const alternatives = Array.from({ length: 40 }, (_, at) => ({
  anyOf: [{ minLength: at }, { maxItems: at }, { minimum: at }],
}));
const hostile: readonly (readonly [string, string, number])[] = [
  [
    '60,000 groups of a grammar inside each other',
    withField('grammar', `root ::= ${'('.repeat(60_000)}"a"${')'.repeat(60_000)}`),
    400,
  ],
  ['a grammar that is none', withField('grammar', 'root := ['), 400],
  ['JSON 200,000 levels deep', '['.repeat(200_000) + ']'.repeat(200_000), 400],
  ['JSON 200,000 levels deep that is not closed', '{"a":'.repeat(200_000), 400],
  ['a schema 20,000 levels deep', withSchema(nested(20_000, (inner) => `{"not":${inner}}`)), 400],
  [
    'a schema of properties 20,000 levels deep',
    withSchema(nested(20_000, (inner) => `{"properties":{"a":${inner}}}`)),
    400,
  ],
  ['a schema of 40 alternatives at once', withSchema(JSON.stringify({ allOf: alternatives })), 400],
  ['a schema that only refers to itself', withSchema('{"$ref":"#"}'), 400],
  ['50 MiB of content', withField('messages', [{ role: 'user', content: 'a'.repeat(50 * mebibyte) }]), 413],
  [
    'a million messages',
    withField(
      'messages',
      Array.from({ length: 1_000_000 }, () => 0),
    ),
    400,
  ],
  [
    'tools nested 20,000 levels deep',
    `{"messages":${JSON.stringify(messages)},"tools":[{"type":"function","function":{"name":"a","parameters":${nested(20_000, (inner) => `{"items":${inner}}`)}}}]}`,
    400,
  ],
];

describe('hostile requests', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
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

  for (const [what, body, status] of hostile) {
    it(`are refused: ${what}`, async () => {
      const response = await server.post('/v1/chat/completions', body);
      const { error } = (await response.json()) as {
        readonly error: { readonly message: string; readonly code: string };
      };
      assert.equal(response.status, status, error.message);
      assert.ok(error.message.length < 4000, 'the answer does not repeat what was sent');
      await assertAlive();
    });
  }

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
