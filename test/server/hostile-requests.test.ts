/** Requests that are made to hurt: each gets a 4xx and costs no more than its reading, and the server goes on. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startServer, toolTemplate, type TestServer } from '../support/with-server.js';

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

const chat = '/v1/chat/completions';

function withTool(parameters: string, choice = 'auto'): string {
  return `{"messages":${JSON.stringify(messages)},"max_tokens":4,"tool_choice":"${choice}","tools":[{"type":"function","function":{"name":"a","parameters":${parameters}}}]}`;
}

function optional(count: number): string {
  const properties = Array.from({ length: count }, (_, at) => [`p${String(at)}`, { type: 'string' }] as const);
  return JSON.stringify({ type: 'object', properties: Object.fromEntries(properties) });
}

function list<Item>(count: number, item: (at: number) => Item): Item[] {
  return Array.from({ length: count }, (_, at) => item(at));
}

const manyValues = JSON.stringify({ enum: list(100_000, (at) => `v${String(at)}`) });
const alternatives = list(40, (at) => ({ anyOf: [{ minLength: at }, { maxItems: at }, { minimum: at }] }));
/** Each refers to the next one twice, which is 2^30 parts when written out. */
const bomb = (keyword: 'allOf' | 'anyOf'): string => {
  const parts = list(30, (at) => {
    const next = { $ref: `#/$defs/d${String(at + 1)}` };
    return [`d${String(at)}`, { [keyword]: [next, next] }] as const;
  });
  return JSON.stringify({ $ref: '#/$defs/d0', $defs: { ...Object.fromEntries(parts), d30: { type: 'integer' } } });
};
const deepArray = '['.repeat(200_000) + ']'.repeat(200_000);

/** What it is, where it goes, the body, and the status of the answer. */
const hostile: readonly (readonly [string, string, string, number])[] = [
  [
    '60,000 groups of a grammar inside each other',
    chat,
    withField('grammar', `root ::= ${'('.repeat(60_000)}"a"${')'.repeat(60_000)}`),
    400,
  ],
  ['a grammar that is none', chat, withField('grammar', 'root := ['), 400],
  [
    'a grammar of 2^40 ways',
    '/completion',
    JSON.stringify({
      prompt: 'a',
      n_predict: 4,
      grammar: `${list(40, (at) => `r${at === 0 ? 'oot' : String(at)} ::= r${String(at + 1)} r${String(at + 1)}`).join('\n')}\nr40 ::= "a"?`,
    }),
    400,
  ],
  [
    'a grammar that begins with itself behind an empty rule',
    '/completion',
    JSON.stringify({ prompt: 'a', n_predict: 4, grammar: 'root ::= a root "x" | "y"\na ::= b\nb ::= ""' }),
    400,
  ],
  ['JSON 200,000 levels deep', chat, deepArray, 400],
  ['JSON 200,000 levels deep that is not closed', chat, '{"a":'.repeat(200_000), 400],
  ['a schema 20,000 levels deep', chat, withSchema(nested(20_000, (inner) => `{"not":${inner}}`)), 400],
  [
    'a schema of properties 20,000 levels deep',
    chat,
    withSchema(nested(20_000, (inner) => `{"properties":{"a":${inner}}}`)),
    400,
  ],
  ['a schema of 40 alternatives at once', chat, withSchema(JSON.stringify({ allOf: alternatives })), 400],
  ['a schema of 2^30 alternatives', chat, withSchema(bomb('anyOf')), 400],
  ['a schema that only refers to itself', chat, withSchema('{"$ref":"#"}'), 400],
  [
    'a schema whose parts refer to each other in a circle',
    chat,
    withSchema('{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}'),
    400,
  ],
  ['a schema of 100,000 values', chat, withSchema(manyValues), 400],
  ['a schema of 20,000 properties', chat, withSchema(optional(20_000)), 400],
  ['50 MiB of content', chat, withField('messages', [{ role: 'user', content: 'a'.repeat(50 * mebibyte) }]), 413],
  [
    'a million messages',
    chat,
    withField(
      'messages',
      list(1_000_000, () => 0),
    ),
    400,
  ],
  ['tools nested 20,000 levels deep', chat, withTool(nested(20_000, (inner) => `{"items":${inner}}`)), 400],
  ['a tool of 2,000 optional properties', chat, withTool(optional(2000)), 400],
  ['a required tool of 20,000 optional properties', chat, withTool(optional(20_000), 'required'), 400],
  ['a tool of 100,000 values', chat, withTool(manyValues), 400],
  [
    'a tool with a pattern of 60,000 groups',
    chat,
    withTool(`{"type":"string","pattern":"^${'('.repeat(60_000)}a${')'.repeat(60_000)}$"}`, 'required'),
    400,
  ],
  [
    '100,000 tools',
    chat,
    withField(
      'tools',
      list(100_000, (at) => ({ type: 'function', function: { name: `f${String(at)}` } })),
    ),
    400,
  ],
  [
    'a tool of 100,000 values for /v1/responses',
    '/v1/responses',
    `{"input":"a","max_output_tokens":4,"tools":[{"type":"function","name":"a","parameters":${manyValues}}]}`,
    400,
  ],
  [
    'a tool of 2,000 optional properties for /v1/messages',
    '/v1/messages',
    `{"messages":${JSON.stringify(messages)},"max_tokens":4,"tools":[{"name":"a","input_schema":${optional(2000)}}]}`,
    400,
  ],
  [
    '400,000 biases',
    chat,
    withField('logit_bias', Object.fromEntries(list(400_000, (at) => [String(at), 1] as const))),
    400,
  ],
  [
    '500,000 stop strings',
    chat,
    withField(
      'stop',
      list(500_000, (at) => `s${String(at)}`),
    ),
    400,
  ],
  ['a billion choices', chat, withField('n', 1_000_000_000), 400],
  [
    'template arguments 60,000 levels deep',
    chat,
    withField('chat_template_kwargs', { a: 1 }).replace(
      '{"a":1}',
      nested(60_000, (inner) => `{"a":${inner}}`),
    ),
    400,
  ],
  ['a prompt 200,000 levels deep', '/v1/completions', `{"prompt":${deepArray}}`, 400],
  ['an input 200,000 levels deep', '/v1/embeddings', `{"input":${deepArray}}`, 400],
  ['content 200,000 levels deep', '/tokenize', `{"content":${deepArray}}`, 400],
  ['100,000 prompts', '/v1/completions', JSON.stringify({ prompt: list(100_000, () => 'a'), max_tokens: 1 }), 400],
];

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

  for (const [what, path, body, status] of hostile) {
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
